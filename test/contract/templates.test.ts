/** Templates render as in Home Assistant: what it made of each is in the data, which it judges itself in test/hosts. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUILT_IN } from '../../src/automation/template/functions.ts';
import { render } from '../../src/automation/template/sandbox.ts';
import cases from './data/templates.json' with { type: 'json' };

const text = (template: string) => render({ template, variables: cases.variables, now: cases.now * 1000 });

const before = process.env.TZ;
beforeAll(() => {
  process.env.TZ = cases.zone;
});
afterAll(() => {
  if (before === undefined) delete process.env.TZ;
  else process.env.TZ = before;
});

describe('a template', () => {
  it.each(Object.entries(cases.same))('%s makes what Home Assistant makes of it', (template, result) => {
    expect(text(template)).toBe(result);
  });

  it.each(Object.entries(cases.refused))('%s is refused, as there', (template, sentence) => {
    expect(() => text(template)).toThrow(sentence);
  });

  it.each(cases.different)('$template differs from Home Assistant: $why', ({ template, here, there }) => {
    expect(here).not.toBe(there);
    if (typeof here === 'string') expect(text(template)).toBe(here);
    else expect(() => text(template)).toThrow(here.error);
  });
});

describe('what the engine brings along', () => {
  it.each(Object.entries(BUILT_IN))('%s are there', (kind, names) => {
    for (const name of names) {
      const template = { filters: `{{ 1 | ${name} }}`, tests: `{{ 1 is ${name} }}` }[kind];
      if (template !== undefined)
        expect(() => render({ template, variables: {}, now: 0, check: true }), name).not.toThrow();
    }
  });
});
