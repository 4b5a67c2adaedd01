/** What holds for the repository as a whole: nothing of one machine in it, dependencies declared, pinned and justified. */

import { dirname, sep } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ERRORS } from '../src/core/errors.ts';
import { importsOf } from './support/source-text.ts';
import { ROOT, readRepositoryFile, sourceTree } from './support/tree.ts';

interface Manifest {
  engines: { node: string };
  exports: Record<string, string | Record<string, string>>;
  files: string[];
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
}

const manifest = JSON.parse(readRepositoryFile('package.json')) as Manifest;
const lock = readRepositoryFile('package-lock.json');
const files = sourceTree().filter((path) => !/\.(?:png|ico|woff2?|sqlite|tgz)$/.test(path));

/** npm's own form, the only one a lock file may hold. */
const DEFAULT_REGISTRY = /^https:\/\/registry\.npmjs\.org\//;

describe('nothing of one machine', () => {
  // Where this clone lies is known only at run time; a clone directly below the root has no name worth looking for.
  const here = dirname(ROOT) === sep ? [] : [ROOT];
  const registry = process.env.npm_config_registry;
  const hosts = registry === undefined || DEFAULT_REGISTRY.test(registry) ? [] : [new URL(registry).host];
  const foreign = new RegExp(
    [
      ...[...here, ...hosts].map((text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')),
      // Not after a host name: pages of the web may have such a path.
      '(?<![\\w.])/(?:hom[e]|Use[r]s)/[a-z]+/',
      '(?<![\\w.])/roo[t]/',
    ].join('|'),
  );

  test('the pattern finds a path of this clone and a home directory', () => {
    expect(foreign.test(`see ${['', 'home', 'somebody', 'x'].join('/')}`)).toBe(true);
    if (here.length > 0) expect(foreign.test(`see ${ROOT}/x`)).toBe(true);
  });

  test('no file names a path of a machine or the host of a private registry', () => {
    const found = files.filter((path) => foreign.test(readRepositoryFile(path)));
    expect(found).toEqual([]);
  });

  test('the lock file names packages by version and hash, or by the default registry', () => {
    const sources = [...lock.matchAll(/"resolved": "([^"]+)"/g)].map((match) => match[1] ?? '');
    expect(sources.filter((source) => source !== 'toolchain' && !DEFAULT_REGISTRY.test(source))).toEqual([]);
  });
});

describe('dependencies', () => {
  const packageOf = (specifier: string): string =>
    specifier
      .split('/')
      .slice(0, specifier.startsWith('@') ? 2 : 1)
      .join('/');
  const product = files.filter((path) => path.startsWith('src/') && path.endsWith('.ts') && !path.endsWith('.test.ts'));
  const loaded = new Set(
    product
      .flatMap((path) => importsOf(readRepositoryFile(path)))
      .map((row) => row.specifier)
      .filter((specifier) => !specifier.startsWith('.') && !specifier.startsWith('node:'))
      .map(packageOf),
  );

  test('the product loads exactly what it declares', () => {
    expect([...loaded].sort()).toEqual(Object.keys(manifest.dependencies).sort());
  });

  test('every version is pinned exactly', () => {
    const all = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(all.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  test('every runtime dependency has a decision record that names its version', () => {
    const records = files
      .filter((path) => path.startsWith('docs/adr/'))
      .map(readRepositoryFile)
      .join('\n');
    const missing = Object.entries(manifest.dependencies).filter(
      ([name, version]) => !records.includes(`\`${name}\` ${version}`),
    );
    expect(missing).toEqual([]);
  });

  test('nothing needs an install script', () => {
    expect(lock).not.toContain('"hasInstallScript": true');
  });
});

describe('the error catalogue', () => {
  test('has no code that nothing raises', () => {
    const product = files
      .filter((path) => /^src\/.*\.ts$/.test(path) && !path.endsWith('.test.ts') && path !== 'src/core/errors.ts')
      .map(readRepositoryFile)
      .join('\n');
    expect(Object.keys(ERRORS).filter((code) => !new RegExp(`\\b${code}\\b`).test(product))).toEqual([]);
  });
});

describe('the package', () => {
  test('offers every export also as source, so that examples run from a clone', () => {
    for (const [name, target] of Object.entries(manifest.exports)) {
      if (typeof target === 'string') continue;
      expect(Object.keys(target), name).toEqual(['source', 'types', 'default']);
      expect(files, name).toContain((target.source ?? '').replace('./', ''));
    }
  });

  test('carries every document that an error sends its reader to', () => {
    const pages = Object.values(ERRORS).flatMap(({ remedy }) => remedy.match(/docs\/[\w/-]+\.md/g) ?? []);
    expect(pages.length).toBeGreaterThan(1);
    for (const page of pages)
      expect(
        manifest.files.some((folder) => page.startsWith(`${folder}/`)),
        page,
      ).toBe(true);
  });

  test('does not carry the Node binary of development', () => {
    expect(manifest.files).toEqual(['bin', 'dist', 'docs/reference', 'CHANGELOG.md', 'SECURITY.md']);
    expect(Object.keys(manifest)).not.toContain('optionalDependencies');
  });

  test('starts with plain old JavaScript, which any Node can read', () => {
    const program = readRepositoryFile('bin/tollboard.js');
    expect(program).not.toMatch(/=>|`|\b(?:const|let|class|async|await|import)\b\s*[^.']/);
    const floor = /FLOOR = \[(\d+), (\d+)\]/.exec(program);
    expect(manifest.engines.node).toBe(`>=${floor?.[1]}.${floor?.[2]}`);
  });
});
