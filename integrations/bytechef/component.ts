/** The component of one file for ByteChef's documented JavaScript contract; bundled into `dist/bytechef/twilio.js`. */

import type { BytechefOutput } from '../../src/hosts/bytechef/result.ts';
import { componentDefinition } from '../../src/hosts/bytechef/component.ts';
import { isFailure } from '../../src/hosts/bytechef/result.ts';
import { type Answer, basic, sendSms, TIMEOUT_MS } from './send.ts';

/** What ByteChef's documents promise to `perform` beside the parameters. */
interface Context {
  http(request: {
    url: string;
    method: 'POST';
    headers: Record<string, string[]>;
    body: { content: string; contentType: 'RAW'; mimeType: string };
    configuration: { timeoutMillis: number; responseType: 'TEXT' };
  }): Answer;
  log?(level: string, text: string): void;
}

const { component, action } = componentDefinition();

/** As sent, or an exception that says what became of it. */
function perform(inputParameters?: unknown, connectionParameters?: unknown, context?: Context): BytechefOutput {
  if (typeof context?.http !== 'function')
    throw new Error(
      'This version of ByteChef calls components without parameters and HTTP. Use the workflow with the Script step or the HTTP step instead; nothing was sent.',
    );
  const output = sendSms(
    { inputParameters, connectionParameters },
    ({ url, form }, credentials) =>
      context.http({
        url,
        method: 'POST',
        headers: {
          Accept: ['application/json'],
          ...(credentials === null ? {} : { Authorization: [basic(credentials)] }),
        },
        // A form with repeated fields: FORM_URL_ENCODED would write a list as key[0], key[1].
        body: { content: form, contentType: 'RAW', mimeType: 'application/x-www-form-urlencoded' },
        configuration: { timeoutMillis: TIMEOUT_MS, responseType: 'TEXT' },
      }),
    Date.now(),
  );
  const warnings = isFailure(output) ? [] : (output.warnings ?? []);
  // GraalJS 23 cannot make an optional call (`log?.(…)`) on an object of the host.
  if (typeof context.log === 'function') for (const warning of warnings as string[]) context.log('WARN', warning);
  return output;
}

export default { ...component, actions: [{ ...action, perform }] };
