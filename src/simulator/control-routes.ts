/** The control's verbs over HTTP: /_simulator/{inbound,calls,messages,scenarios,faults,clock,coverage}, JSON in and out. */

import type { FormFields } from '../core/parameter.ts';
import type { SimulatorControl } from './control.ts';
import { TollboardError } from '../core/errors.ts';
import { decodeForm } from '../wire/form.ts';
import { logFilter } from './control.ts';
import { misfit } from './shape.ts';

export const CONTROL_PREFIX = '/_simulator/';

export interface ControlRequest {
  method: string;
  path: string;
  query: FormFields;
  body: string;
  contentType: string;
}

type Route = (control: SimulatorControl, request: ControlRequest) => unknown;

/** Every verb, by method and name. */
export const CONTROL_ROUTES: Readonly<Record<string, Route>> = {
  'POST inbound': (control, request) => control.inbound(bodyOf(request)),
  'POST calls': (control, request) => control.call(bodyOf(request)),
  'GET messages': (control, { query }) => control.messages(logFilter(query)),
  'GET calls': (control, { query }) => control.calls(logFilter(query)),
  'GET scenarios': (control) => ({ scenarios: control.scenarios.list() }),
  'POST scenarios': (control, request) => ({ scenarios: control.scenarios.add(scenariosOf(bodyOf(request))) }),
  'PUT scenarios': (control, request) => ({ scenarios: control.scenarios.replace(scenariosOf(bodyOf(request))) }),
  'DELETE scenarios': (control) => {
    control.scenarios.clear();
    return { scenarios: [] };
  },
  'GET faults': (control) => ({ faults: control.faults.list() }),
  'POST faults': (control, request) => control.faults.add(bodyOf(request)),
  'DELETE faults': (control) => {
    control.faults.clear();
    return { faults: [] };
  },
  'GET clock': (control) => control.clock.state(),
  'POST clock': (control, request) => control.clock.move(bodyOf(request)),
  'GET coverage': (control) => control.coverage(),
};

/** The answer as plain data. Errors: `TOLLBOARD_SIMULATOR_CONTROL_UNKNOWN`, `_INPUT_INVALID`, `_NUMBER_UNKNOWN`. */
export async function answerControl(control: SimulatorControl, request: ControlRequest): Promise<unknown> {
  const name = request.path.slice(CONTROL_PREFIX.length);
  const key = `${request.method} ${name}`;
  const route = Object.hasOwn(CONTROL_ROUTES, key) ? CONTROL_ROUTES[key] : undefined;
  if (route !== undefined) return await route(control, request);
  throw new TollboardError('TOLLBOARD_SIMULATOR_CONTROL_UNKNOWN', {
    details: {
      method: request.method,
      path: request.path.slice(0, 100),
      known: Object.keys(CONTROL_ROUTES).join(', '),
    },
  });
}

/** JSON, or a form as Twilio posts it. */
function bodyOf({ body, contentType }: ControlRequest): unknown {
  if (body === '') return {};
  if (contentType.startsWith('application/x-www-form-urlencoded')) {
    const fields: Record<string, string | string[]> = {};
    for (const [name, value] of decodeForm(body)) {
      const earlier = Object.hasOwn(fields, name) ? fields[name] : undefined;
      fields[name] = earlier === undefined ? value : [earlier, value].flat();
    }
    return fields;
  }
  try {
    return JSON.parse(body);
  } catch {
    throw misfit('body', body, 'JSON');
  }
}

/** A list, one scenario, or `{scenarios: […]}`. */
function scenariosOf(body: unknown): unknown {
  if (typeof body === 'object' && body !== null && 'scenarios' in body) return body.scenarios;
  return Array.isArray(body) ? body : [body];
}
