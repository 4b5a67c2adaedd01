import type { SendWork } from '../host.ts';
import type { AnsibleAsked } from './request.ts';
import { describe, expect, test } from 'vitest';
import { OUTCOME_SID, outcome } from '../../../test/support/outcomes.ts';
import { errorReport } from '../../core/errors.ts';
import { request } from './request.ts';
import { result } from './result.ts';

const [A, B, C] = ['+15551113232', '+12025551235', '+19735559010'] as const;
const SID = OUTCOME_SID;

function asked(change: Record<string, unknown> = {}): AnsibleAsked {
  const work = request({
    account_sid: 'AC00000000000000000000000000000000',
    auth_token: 'the-auth-token',
    from_number: '+15550000001',
    to_number: [A, B, C],
    msg: 'The build is green.',
    ...change,
  });
  return (work as SendWork<AnsibleAsked>).asked;
}

const REFUSED = {
  verdict: 'refused',
  id: null,
  sid: null,
  status: null,
  error: errorReport('TOLLBOARD_TWILIO_RECIPIENT', {
    twilioCode: 21211,
    twilioMessage: "The 'To' number is not a valid phone number.",
    httpStatus: 400,
  }),
} as const;

describe('a result', () => {
  test('of a success has the text, what was sent with its SIDs, and is a change', () => {
    const output = result(asked(), { do: 'send', outcomes: [A, B, C].map((to) => outcome(to)) });
    expect(output).toMatchObject({ changed: true, msg: 'The build is green.', unsent: [], unsure: [] });
    expect(output.sent[0]).toEqual({ number: A, id: SID, sid: SID, status: 'queued' });
    expect(output).not.toHaveProperty('failed');
    expect(output).not.toHaveProperty('warnings');
  });

  test('S2: tells what was sent before a failure, what was not, and Twilio’s code', () => {
    const output = result(asked(), { do: 'send', outcomes: [outcome(A), outcome(B, REFUSED)] });
    expect(output).toMatchObject({
      changed: true,
      failed: true,
      msg: `unable to send message to ${B}: The 'To' number is not a valid phone number.`,
      sent: [{ number: A, sid: SID }],
      unsent: [B, C],
      unsure: [],
      results: [
        { number: A, outcome: 'sent', error: null },
        { number: B, outcome: 'unsent', error: { twilio_code: 21211, http_status: 400 } },
      ],
    });
  });

  test('S2: is no change when nothing was sent', () => {
    const outcomes = [A, B, C].map((to) => outcome(to, REFUSED));
    const output = result(asked({ stop_on_error: false }), { do: 'send', outcomes });
    expect(output).toMatchObject({ changed: false, failed: true, sent: [], unsent: [A, B, C] });
    expect(output.msg).toBe(`unable to send message to ${A}, ${B}, ${C}: The 'To' number is not a valid phone number.`);
  });

  test('of a lost answer counts nobody as unsent, and says not to send again', () => {
    const error = errorReport('TOLLBOARD_GATEWAY_ANSWER_LOST', {
      stage: 'unknown',
      details: { url: 'http://127.0.0.1:8655', reason: 'ECONNRESET', idempotencyKey: 'k' },
    });
    const lost = { verdict: 'unsure', sid: null, status: null, error } as const;
    const output = result(asked(), { do: 'send', outcomes: [outcome(A, lost), outcome(B, { ...lost, id: null })] });
    expect(output).toMatchObject({ changed: false, failed: true, sent: [], unsent: [C] });
    expect(output.unsure).toEqual([
      { number: A, id: SID, at: '2026-07-01T12:00:00.000Z' },
      { number: B, id: null, at: '2026-07-01T12:00:00.000Z' },
    ]);
    expect(output.msg).toContain(`It may have been sent (id ${SID}): do not send it again`);
    expect(output.msg).toContain('(asked for at 2026-07-01T12:00:00.000Z): do not send it again');
    expect(JSON.stringify(output)).not.toMatch(/[Rr]epeat/);
  });

  test('of a text that was not delivered is a failure, and the text was sent', () => {
    const error = errorReport('TOLLBOARD_TWILIO_CARRIER', { twilioCode: 30003, stage: 'after_send' });
    const undelivered = outcome(A, { verdict: 'undelivered', status: 'undelivered', error });
    const output = result(asked({ to_number: A }), { do: 'send', outcomes: [undelivered] });
    expect(output).toMatchObject({
      changed: true,
      failed: true,
      sent: [{ number: A, status: 'undelivered' }],
      unsent: [],
      results: [{ outcome: 'undelivered', error: { twilio_code: 30003 } }],
    });
  });

  test('of a repeat is no change and says so, if the task named the key', () => {
    const outcomes = [outcome(A, { replayed: true })];
    const task = { to_number: A, idempotency_key: 'deploy-4711' };
    expect(result(asked(task), { do: 'send', outcomes })).toMatchObject({ changed: false, replayed: true });
    const again = [outcome(A, { replayed: true }), outcome(B, REFUSED)];
    const keyed = result(asked({ idempotency_key: 'deploy-4711' }), { do: 'send', outcomes: again });
    expect(keyed).toMatchObject({ changed: false, failed: true, unsent: [B, C] });
    const own = result(asked({ to_number: A }), { do: 'send', outcomes });
    expect(own.changed).toBe(true);
    expect(own).not.toHaveProperty('replayed');
  });

  test('hides a secret in every text but keeps the SIDs', () => {
    const output = result(asked({ auth_token: '0', to_number: A }), { do: 'send', outcomes: [outcome(A)] });
    expect(output.sent).toEqual([{ number: A, id: SID, sid: SID, status: 'queued' }]);
    expect(output.invocation.module_args.account_sid).not.toContain('0');
  });

  test('names what is at fault as the task does', () => {
    const ours = errorReport('TOLLBOARD_PARAMETER_TYPE', {
      details: { name: 'statusCallback', value: "'https://h_h.example/mediaUrl'", expected: 'a URL' },
      remedy: 'Give `from` or `messagingServiceSid`, or set a default sender.',
    });
    const output = result(asked({ to_number: A }), {
      do: 'send',
      outcomes: [outcome(A, { ...REFUSED, error: ours })],
    });
    expect(output.msg).toMatch(/status_callback .*'https:\/\/h_h\.example\/mediaUrl'/);
    expect(output.msg).toContain('Give `from_number` or `messaging_service_sid`, or set');
    expect(output.results[0]?.error?.remedy).toContain('`from_number`');
  });

  test('of a call speaks of calls', () => {
    const call = { _ansible_module_name: 'twilio_call', msg: undefined, say: 'Wake up.', to_number: A };
    const output = result(asked(call), { do: 'send', outcomes: [outcome(A, REFUSED)] });
    expect(output.msg).toBe(`unable to call ${A}: The 'To' number is not a valid phone number.`);
  });
});
