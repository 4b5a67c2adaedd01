/** The code of a Script step, for ByteChef as it is today; bundled into `dist/bytechef/send-sms-script.json`. */

import type { BytechefOutput } from '../../src/hosts/bytechef/result.ts';
import { CONNECTION } from '../../src/hosts/bytechef/workflows.ts';
import { type Answer, sendSms, TIMEOUT_MS } from './send.ts';

interface Context {
  component: { httpClient: { post(parameters: Record<string, unknown>, connection: string): Answer } };
}

/** `input` holds the properties of Send SMS, Account SID among them: the connection does not tell it to a script. */
export function perform(input: unknown, context: Context): BytechefOutput {
  return sendSms(
    { inputParameters: input },
    ({ url, form }) =>
      context.component.httpClient.post(
        {
          uri: url,
          headers: { Accept: ['application/json'] },
          body: {
            bodyContentType: 'RAW',
            bodyContent: form,
            bodyContentMimeType: 'application/x-www-form-urlencoded',
          },
          responseType: 'TEXT',
          fullResponse: true,
          ignoreResponseCode: true,
          timeout: TIMEOUT_MS,
        },
        CONNECTION,
      ),
    Date.now(),
  );
}
