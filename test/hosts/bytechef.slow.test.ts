/** The component, and the script of the workflow, in a real GraalJS that knows neither Node nor a browser. */

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { buildComponent, buildScriptWorkflow } from '../../integrations/bytechef/build.ts';
import definition from '../../integrations/bytechef/definition.json' with { type: 'json' };
import vectors from '../../integrations/bytechef/vectors.json' with { type: 'json' };
import httpWorkflow from '../../integrations/bytechef/workflows/send-sms-http.json' with { type: 'json' };
import { systemClock } from '../../src/system.ts';
import { type GraalJob, type Graaljs, missingForGraaljs, startGraaljs } from '../support/graaljs.ts';
import { startTestGateway, startWorld } from '../support/messenger-world.ts';
import { type ScriptedAnswer, startScriptedTwilio } from '../support/scripted-twilio.ts';
import { startSimulator } from '../support/simulator.ts';

type Vector = (typeof vectors)[number];

const missing = missingForGraaljs();
const TEXT = { to: '+15550100001', source: 1, from: '+15550000001', content: 1, body: 'Hello' };

describe.skipIf(missing !== null)(
  `ByteChef's GraalJS${missing === null ? '' : ` (skipped: ${missing} is missing)`}`,
  () => {
    let graaljs: Graaljs;
    let component: string;
    let script: string;
    beforeAll(async () => {
      component = await buildComponent();
      script = JSON.parse(await buildScriptWorkflow()).tasks[0].parameters.script;
      graaljs = startGraaljs();
    });
    afterAll(() => graaljs.stop());

    async function judge({ answers, requests, output }: Vector, job: Omit<GraalJob, 'upstream'>, warned = true) {
      const twilio = await startScriptedTwilio(answers as ScriptedAnswer[]);
      const answer = await graaljs.run({ ...job, upstream: twilio.url });
      expect(twilio.creates.map(({ path, basic, form }) => ({ path, basic, form }))).toEqual(requests);
      const told: Record<string, unknown> = output;
      const error = told.error as { message?: string; mayHaveBeenSent: boolean } | undefined;
      if (error === undefined) {
        expect(answer.output).toEqual(output);
        const warnings = Array.isArray(told.warnings) ? told.warnings : [];
        if (warned) expect(answer.log).toEqual(warnings.map((warning) => `WARN ${warning}`));
      } else if (error.mayHaveBeenSent) {
        expect(answer.error).toMatch(
          /^Error: Do not send it again: the text to \S+, asked for at \S+Z, may have been sent/,
        );
      } else if (error.message !== undefined) expect(answer.error).toBe(`Error: ${error.message}`);
      else expect(answer.error).toMatch(/^Error: /);
      const { authToken, password } = job.connection as Record<string, string>;
      expect(JSON.stringify(answer)).not.toContain(authToken ?? password);
    }

    test('the file is a script whose value is the component of definition.json', async () => {
      expect((await graaljs.run({ kind: 'definition', code: component })).output).toEqual(definition);
    });

    test('today, when ByteChef hands it neither inputs nor HTTP, it says which way to go instead', async () => {
      const { error } = await graaljs.run({ kind: 'today', code: component });
      expect(error).toContain('Use the workflow with the Script step or the HTTP step instead; nothing was sent.');
    });

    describe('the component', () => {
      test.each(vectors)('$name', async (vector) => {
        const { inputParameters: input, connectionParameters: connection } = vector.input;
        await judge(vector, { kind: 'component', code: component, input, connection });
      });
    });

    describe('the component, where HTTP throws what is no success', () => {
      test.each(vectors)('$name', async (vector) => {
        const { inputParameters: input, connectionParameters: connection } = vector.input;
        await judge(vector, { kind: 'component', code: component, input, connection, throwing: true });
      });
    });

    describe('the script', () => {
      // Its connection belongs to the HTTP client, so the account comes as the property and no key can lack one.
      const own = vectors.filter(({ name }) => name !== 'an API key that names no account');

      test.each(own)('$name', async (vector) => {
        const connection: Record<string, string> = vector.input.connectionParameters as never;
        const username = connection.accountSid ?? connection.username ?? '';
        const input = { ...vector.input.inputParameters, accountSid: `AC${'0'.repeat(32)}` };
        const basic = `${username}:${connection.authToken ?? connection.password}`;
        await judge(
          vector,
          { kind: 'script', code: script, input, connection: { twilio: basic, authToken: basic } },
          false,
        );
      });
    });

    test('a 429 is a refusal in the words of Twilio: nothing was sent, so repeating is safe', async () => {
      const body = {
        code: 20429,
        message: 'Too Many Requests',
        more_info: 'https://www.twilio.com/docs/errors/20429',
        status: 429,
      };
      const twilio = await startScriptedTwilio([{ status: 429, body }]);
      const connection = { accountSid: `AC${'0'.repeat(32)}`, authToken: 'a-token-of-the-test' };
      const upstream = twilio.url;
      const { error } = await graaljs.run({ kind: 'component', code: component, input: TEXT, connection, upstream });
      expect(error).toMatch(/^Error: 429: \{"code": 20429, /);
      expect(twilio.creates).toHaveLength(1);
    });

    test('the step after the HTTP step fails where the text was not taken, and passes on what was', async () => {
      const code = httpWorkflow.tasks[1]?.parameters.script ?? '';
      const check = (result: unknown) => graaljs.run({ kind: 'script', code, input: { result } });
      expect((await check({ error: { message: 'Do not send it again' } })).error).toBe('Error: Do not send it again');
      expect((await check({ sid: 'SM1' })).output).toEqual({ sid: 'SM1' });
    });

    test('the component with the one line changed sends through a gateway, which answers as Twilio does', async () => {
      let url = '';
      const world = await startWorld(
        {
          async start(settings, clock) {
            const { gateway, tried } = await startTestGateway(settings, clock);
            url = gateway.url;
            return { messenger: gateway.messenger, tried, close: () => gateway.stop() };
          },
        },
        {},
      );
      onTestFinished(() => world.close());
      const [account] = world.simulator.accounts;
      const connection = { accountSid: account?.sid, authToken: account?.authToken };
      const line = 'const TWILIO = "https://api.twilio.com";';
      expect(component).toContain(line);
      const code = component.replace(line, `const TWILIO = "${url}";`);
      const { output } = await graaljs.run({ kind: 'component', code, input: TEXT, connection, upstream: url });
      expect(output).toMatchObject({ to: TEXT.to, body: TEXT.body });
      expect(world.taken().map(({ to }) => to)).toEqual([TEXT.to]);
    });

    test('a text sent by the component arrives at a simulated phone, and one by the script', async () => {
      const simulator = await startSimulator({ clock: systemClock });
      const [account] = simulator.accounts;
      const connection = { accountSid: account?.sid, authToken: account?.authToken };
      const upstream = simulator.url;
      const sent = await graaljs.run({ kind: 'component', code: component, input: TEXT, connection, upstream });
      expect(sent.output).toMatchObject({ status: 'queued', from: { rawNumber: TEXT.from }, to: TEXT.to });
      const basic = `${account?.sid}:${account?.authToken}`;
      const input = { ...TEXT, accountSid: account?.sid };
      await graaljs.run({ kind: 'script', code: script, input, connection: { twilio: basic }, upstream });
      expect(simulator.control.messages().messages.map(({ to }) => to)).toEqual([TEXT.to, TEXT.to]);
      const refused = await graaljs.run({
        kind: 'component',
        code: component,
        input: { ...TEXT, to: '5' },
        connection,
        upstream,
      });
      expect(refused.error).toMatch(
        /^Error: 400: \{"code": 21\d{3}, "message": ".+", "more_info": "https:.+", "status": 400\}$/,
      );
    });
  },
);
