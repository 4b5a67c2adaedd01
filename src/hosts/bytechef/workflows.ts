/** Workflows that today's ByteChef imports: Send SMS by the HTTP step through a gateway, and by the Script step. */

import { BYTECHEF } from './definition.ts';

type Json = Readonly<Record<string, unknown>>;

/** The name of the Script step's HTTP Client connection (Basic Auth: Account SID or API key, and its secret). */
export const CONNECTION = 'twilio';

const TRIGGER = { label: 'Manual', name: 'trigger_1', type: 'manual/v1/manual', parameters: {} };

const TEXT = {
  to: '+15551112222',
  source: 1,
  from: '+15550000001',
  content: 1,
  body: 'The build is green.',
};

/** Two steps: the request, and one that fails the workflow where the text was not taken. */
export function httpWorkflow(): Json {
  return {
    label: 'Send SMS by HTTP',
    description: 'Sends a text through a Tollboard gateway, which keeps it on disk and sends it once.',
    inputs: [
      { name: 'gatewayUrl', label: 'URL of the gateway', type: 'string', required: true },
      { name: 'accountSid', label: 'Account SID', type: 'string', required: true },
      { name: 'authToken', label: 'Auth Token', type: 'string', required: true },
    ],
    triggers: [TRIGGER],
    tasks: [
      {
        label: BYTECHEF.action.title,
        name: 'sendSms',
        type: 'httpClient/v1/post',
        parameters: {
          // biome-ignore lint/suspicious/noTemplateCurlyInString: ByteChef's own placeholders
          uri: '${gatewayUrl}/hosts/bytechef',
          headers: {},
          body: {
            bodyContentType: 'JSON',
            bodyContent: {
              // biome-ignore lint/suspicious/noTemplateCurlyInString: ByteChef's own placeholders
              connectionParameters: { accountSid: '${accountSid}', authToken: '${authToken}' },
              inputParameters: TEXT,
            },
          },
          responseType: 'JSON',
          timeout: 30_000,
        },
      },
      {
        label: 'Fail if it was not taken',
        name: 'check',
        type: 'script/v1/javascript',
        parameters: {
          // biome-ignore lint/suspicious/noTemplateCurlyInString: ByteChef's own placeholders
          input: { result: '${sendSms}' },
          script: CHECK,
        },
      },
    ],
  };
}

const CHECK = `function perform(input, context) {
  if (input.result.error) {
    throw new Error(input.result.error.message);
  }
  return input.result;
}
`;

/** One step that holds the whole of Send SMS and talks to Twilio by the HTTP Client's connection. */
export function scriptWorkflow(script: string): Json {
  return {
    label: 'Send SMS by script',
    description: 'Sends a text straight to Twilio.',
    inputs: [{ name: 'accountSid', label: 'Account SID', type: 'string', required: true }],
    triggers: [TRIGGER],
    tasks: [
      {
        label: BYTECHEF.action.title,
        name: 'sendSms',
        type: 'script/v1/javascript',
        connections: { [CONNECTION]: { componentName: 'httpClient', componentVersion: 1 } },
        parameters: {
          // biome-ignore lint/suspicious/noTemplateCurlyInString: ByteChef's own placeholders
          input: { accountSid: '${accountSid}', ...TEXT },
          script,
        },
      },
    ],
  };
}
