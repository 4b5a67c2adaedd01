/** The life of a call: its planned steps, its events, and the callbacks that tell of them. TwiML is not interpreted. */

import type { FormFields } from '../core/parameter.ts';
import type { Simulation } from './exchange.ts';
import type { Call, PlannedStep } from './model.ts';
import { callStatus } from '../core/call.ts';
import { rfc2822 } from '../wire/date.ts';
import { disturbanceOf } from './message-life.ts';
import { TRIAL_CALL_MS } from './trial.ts';

const INITIATED_MS = 50;
const RINGING_MS = 100;
const ANSWERED_MS = 300;
const DURATION_MS = 1000;
/** US dollars per started minute. */
const PRICE = 0.014;

/** Events by the status that fires them; a call canceled while queued fires none. */
const EVENT_OF: Readonly<Record<string, string>> = {
  initiated: 'initiated',
  ringing: 'ringing',
  'in-progress': 'answered',
  completed: 'completed',
  busy: 'completed',
  'no-answer': 'completed',
  failed: 'completed',
  canceled: 'completed',
};
const SIP_CODES: Readonly<Record<string, string>> = { busy: '486', 'no-answer': '487', failed: '404' };

/** Queued, ringing, answered, over; or the end that the phone's scenario says. No-answer does not wait for Timeout. */
export function planCall(
  sim: Simulation,
  call: Call,
  limits: { timeLimitMs: number | null; trial: boolean },
): PlannedStep[] {
  const scenario = sim.scenarios.forPhone(call.to, call.from);
  const after = scenario.after ?? {};
  const start = sim.clock.now();
  const ringing = start + (after.ringingMs ?? RINGING_MS);
  const answered = Math.max(ringing, start + (after.answeredMs ?? ANSWERED_MS));
  const steps: PlannedStep[] = [
    { at: Math.min(ringing, start + INITIATED_MS), status: 'initiated' },
    { at: ringing, status: 'ringing' },
  ];
  const answer = scenario.answer ?? 'completed';
  if (answer !== 'completed') return [...steps, { at: answered, status: answer }];
  const longest = Math.min(limits.timeLimitMs ?? 14_400_000, limits.trial ? TRIAL_CALL_MS : 14_400_000);
  const duration = Math.min(after.durationMs ?? DURATION_MS, longest);
  return [...steps, { at: answered, status: 'in-progress' }, { at: answered + duration, status: 'completed' }];
}

export function armCall(sim: Simulation, call: Call): void {
  const next = call.plan[0];
  if (next === undefined) return;
  sim.clock.at(next.at, () => {
    // A plan that was replaced meanwhile (canceled, hung up) has other steps.
    if (call.plan[0] !== next) return;
    call.plan.shift();
    moveCall(sim, call, next.status);
    armCall(sim, call);
  });
}

/** Sets a status now, saves, and tells the status callback. `initiated` is an event only. */
export function moveCall(sim: Simulation, call: Call, status: string): void {
  const now = sim.clock.now();
  if (status !== 'initiated') call.status = status;
  call.dateCreated ??= now;
  call.dateUpdated = now;
  if (status === 'in-progress') call.startTime = now;
  if (callStatus(status).final) {
    call.startTime ??= now;
    call.endTime = now;
    if (status === 'completed') {
      call.duration = Math.round((now - call.startTime) / 1000);
      call.price = `-${(PRICE * Math.max(1, Math.ceil(call.duration / 60))).toFixed(5)}`;
    }
  }
  sim.store.calls.save(call);
  tell(sim, call, status);
}

function tell(sim: Simulation, call: Call, status: string): void {
  const sequence = call.sequence;
  call.sequence += 1;
  const event = EVENT_OF[status];
  if (call.statusCallback === null || event === undefined || !call.statusCallbackEvents.includes(event)) return;
  const account = sim.accounts.find(({ sid }) => sid === call.accountSid);
  if (account === undefined) return;
  const request = {
    url: call.statusCallback,
    method: call.statusCallbackMethod,
    fields: statusFields(call, status, sequence, sim.clock.now()),
    token: account.authToken,
    voice: true,
  };
  const disturbance = disturbanceOf(sim, call.to, call.from);
  const send = (): void => sim.callbacks.send(call.sid, request, disturbance);
  const committed = sim.store.committed();
  if (committed === null) send();
  else committed.then(send, () => undefined);
}

/** Twilio docs: voice request parameters, call status callback. */
function statusFields(call: Call, status: string, sequence: number, now: number): FormFields {
  const fields = voiceFields(call, status);
  if (call.duration !== null) {
    fields.push(['CallDuration', String(call.duration)], ['Duration', String(Math.ceil(call.duration / 60))]);
  }
  if (SIP_CODES[status] !== undefined) fields.push(['SipResponseCode', SIP_CODES[status]]);
  fields.push(['Timestamp', rfc2822(now)], ['CallbackSource', 'call-progress-events']);
  fields.push(['SequenceNumber', String(sequence)]);
  return fields;
}

/** What every voice request carries, with the older twins of From and To. */
export function voiceFields(call: Call, status: string): FormFields {
  return [
    ['CallSid', call.sid],
    ['AccountSid', call.accountSid],
    ['From', call.from],
    ['To', call.to],
    ['Caller', call.from],
    ['Called', call.to],
    ['CallStatus', status],
    ['ApiVersion', '2010-04-01'],
    ['Direction', call.direction],
  ];
}
