/**
 * The Flogo activity in real engines: an app made by the real command line for project-flogo, and the same flow for
 * flogo-lib, against a simulator and against a gateway's own Twilio API.
 */

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import retrieve from '../../examples/seeds/flogo/retrive-recipients.json' with { type: 'json' };
import sendToOne from '../../examples/seeds/flogo/send-sms.json' with { type: 'json' };
import sendToMany from '../../examples/seeds/flogo/send-sms-to-many.json' with { type: 'json' };
import {
  ACTIVITY,
  buildFlogoApps,
  type FlogoApp,
  type FlogoApps,
  goTest,
  LEGACY_ACTIVITY,
  missingForFlogo,
  startFlogoApp,
} from '../support/flogo.ts';
import { createProgram, type Program, type Service } from '../support/program.ts';
import { ROOT } from '../support/tree.ts';

const missing = missingForFlogo();
const ACCOUNTS = join(ROOT, 'examples/seeds/simulator.yaml');
const { accountSid, authToken, from } = sendToOne;
/** The module's own go.mod with the newest core: its flow cannot be had, its activity interface can. */
const NEWEST = join(ROOT, 'test/hosts/flogo/newest.mod');
const [ANN, BEA] = ['+16175551212', '+16175551213'];
/**
 * How talkative each engine is let be. At DEBUG the first generation itself writes every value that it maps, before any
 * activity sees it; the second writes outputs, and the message of a success names the numbers.
 */
const LOGS = {
  'project-flogo': { level: 'DEBUG', holds: 'no SID, token, sender or body' },
  'flogo-lib': { level: 'INFO', holds: 'no SID, token, sender, number or body' },
} as const;
const BODY = 'a text that no log shall have';

describe.skipIf(missing !== null)(`Flogo${missing === null ? '' : ` (skipped: ${missing} is missing)`}`, () => {
  let program: Program;
  let simulator: Service;
  let gateway: Service;
  let apps: FlogoApps;
  beforeAll(async () => {
    program = createProgram();
    simulator = await program.serve(['simulator', '--port', '0', '--accounts', ACCOUNTS, '--json']);
    gateway = await program.serve(['start', '--port', '0', '--simulator-port', '0', '--accounts', ACCOUNTS, '--json']);
    apps = await buildFlogoApps();
  }, 600_000);
  afterAll(async () => {
    apps?.remove();
    await program?.close();
  });

  /** Texts that this Twilio took, oldest first. */
  async function taken(service: Service): Promise<Array<Record<string, unknown>>> {
    const url = String(service.ready.simulatorUrl ?? service.ready.url);
    const { lines } = await program.run(['simulator', 'messages', '--simulator-url', url, '--json']);
    return lines;
  }

  const goEnvironment = (service: Service) => ({
    TWILIO_TEST_URL: String(service.ready.url),
    TWILIO_TEST_ACCOUNT_SID: accountSid,
    TWILIO_TEST_AUTH_TOKEN: authToken,
    TWILIO_TEST_FROM: from,
  });

  test('flogo install takes the activity, and the command line builds the app of the example', () => {
    expect(apps.printed).toContain('Installed activity: github.com/tollboard/tollboard/integrations/flogo/twiliosms');
  });

  test.each([
    ['project-flogo', ACTIVITY],
    ['flogo-lib', LEGACY_ACTIVITY],
  ])('the tests of the activity for %s pass against a simulator and against a gateway', async (_name, folder) => {
    for (const service of [simulator, gateway]) {
      const printed = await goTest(folder, goEnvironment(service));
      expect(printed).toContain('--- PASS');
      expect(printed).not.toContain('--- SKIP');
    }
  });

  test('the activity is built and tested with the newest core, too', async () => {
    const printed = await goTest(ACTIVITY, goEnvironment(simulator), ['-mod=mod', `-modfile=${NEWEST}`]);
    expect(printed).toContain('--- PASS');
  });

  describe.each(['project-flogo', 'flogo-lib'] as const)('a flow in the engine of %s', (generation) => {
    let app: FlogoApp;
    beforeAll(async () => {
      app = await startFlogoApp(apps.commands[generation], LOGS[generation].level);
    });
    afterAll(() => app?.stop());

    describe.each(['simulator', 'gateway'] as const)('against a %s', (name) => {
      const service = () => (name === 'simulator' ? simulator : gateway);
      const at = (inputs: Record<string, unknown>) => ({
        ...inputs,
        urlString: `${service().ready.url}/2010-04-01/Accounts/`,
      });

      test.each([
        ['one', sendToOne],
        ['many', sendToMany],
      ])('sends to %s', async (_name, inputs) => {
        const before = (await taken(service())).length;
        expect(await app.ask(at(inputs))).toEqual({
          statusCode: '200',
          status: 'Success',
          message: `SMS sent successfully to :${inputs.to}`,
          failedNumbers: '',
        });
        const now = await taken(service());
        expect(now).toHaveLength(before + inputs.to.split(',').length);
        expect(now.map(({ body }) => body)).toContain('Hello from Flogo');
      });

      test('retrieves the recipients, and sends to them with what it retrieved', async () => {
        const retrieved = await app.ask(at(retrieve));
        expect(retrieved).toMatchObject({ statusCode: '200', status: 'Success', message: sendToMany.to });
        expect(await app.ask(at({ ...sendToOne, to: retrieved.message }))).toMatchObject({ statusCode: '200' });
      });

      test('tells one bad number among good ones, and sends to the good ones', async () => {
        const before = (await taken(service())).length;
        const inputs = at({ ...sendToOne, to: ` ${ANN},+1617, ${BEA},` });
        expect(await app.ask(inputs)).toMatchObject({
          statusCode: '201',
          status: 'Partial-Success',
          message: expect.stringMatching(/^400 Bad RequestError from service, please check To\/From details/),
          failedNumbers: '+1617:',
        });
        expect(await taken(service())).toHaveLength(before + 2);
      });

      test('tells a wrong token, an unknown account and a blank input', async () => {
        expect(await app.ask(at({ ...sendToOne, authToken: 'wrong' }))).toMatchObject({
          statusCode: '401',
          status: 'Failed',
          failedNumbers: `${ANN}:`,
        });
        expect(await app.ask(at({ ...sendToOne, accountSid: 'ACunknown' }))).toMatchObject({ statusCode: '404' });
        expect(await app.ask(at({ ...sendToOne, from: '' }))).toMatchObject({ statusCode: '503' });
        expect(await app.ask(at({ ...retrieve, authToken: 'wrong' }))).toMatchObject({ statusCode: '401' });
      });
    });

    test('tells that nothing listens at urlString', async () => {
      expect(await app.ask({ ...sendToOne, urlString: 'http://127.0.0.1:9/2010-04-01/Accounts' })).toMatchObject({
        statusCode: '901',
        status: 'Failed',
        message: expect.stringContaining('Check the connectivity.....'),
        failedNumbers: `${ANN}:`,
      });
    });

    test(`S5: its log has ${LOGS[generation].holds}, at level ${LOGS[generation].level}`, async () => {
      const urlString = `${simulator.ready.url}/2010-04-01/Accounts/`;
      const secretive = { ...sendToOne, urlString, messageBody: BODY, to: `${ANN},+1617` };
      expect(await app.ask(secretive)).toMatchObject({ statusCode: '201' });
      const log = app.log();
      expect(log).toContain(LOGS[generation].level);
      const secrets = [authToken, accountSid, BODY, from, ...(generation === 'flogo-lib' ? [ANN, BEA] : [])];
      expect(secrets.filter((secret) => log.includes(secret))).toEqual([]);
    });
  });
});
