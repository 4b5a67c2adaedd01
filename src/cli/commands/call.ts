/** `tollboard call`: a call to one or many recipients. */

import type { ParameterValues } from '../../core/parameter.ts';
import type { CommandRow } from '../command.ts';
import { DESTINATION_OPTIONS, textOption, usageError } from '../command.ts';
import { parameterOptions } from '../parameter-flags.ts';
import { SENDING_OPTIONS, sendAll } from '../sending.ts';

const SAY_OPTIONS = [
  { flags: '--say <text>', description: 'Text to speak, in place of --url or --twiml.' },
  { flags: '--voice <voice>', description: 'Voice of --say.' },
  { flags: '--language <language>', description: 'Language of --say, such as en-GB.' },
];

/** Here `--url` is Twilio's parameter, so the gateway's address has another name. */
const GATEWAY_OPTIONS = DESTINATION_OPTIONS.map((row) =>
  row.flags.startsWith('--url ') ? { ...row, flags: '--gateway-url <url>' } : row,
);

export const commands: readonly CommandRow[] = [
  {
    name: 'call',
    summary: 'Call one or many recipients.',
    options: [...SENDING_OPTIONS, ...SAY_OPTIONS, ...GATEWAY_OPTIONS, ...parameterOptions('call')],
    examples: [
      'tollboard call --to +15550100001 --say "The server room is hot." --wait',
      'tollboard call --to +15550100001 --url https://demo.twilio.com/docs/voice.xml',
    ],
    run: (call) => {
      const [text, voice, language] = ['say', 'voice', 'language'].map((name) => textOption(call.options, name));
      if (text === undefined && (voice !== undefined || language !== undefined)) {
        throw usageError('--voice and --language belong to --say');
      }
      return sendAll('call', call, sayParams(text, voice, language));
    },
  },
];

function sayParams(text?: string, voice?: string, language?: string): ParameterValues {
  if (text === undefined) return {};
  return { say: { text, ...(voice === undefined ? {} : { voice }), ...(language === undefined ? {} : { language }) } };
}
