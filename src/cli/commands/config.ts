/** `tollboard config`: the settings as they are, without secrets, the webhook, and named tokens. */

import type { IssuedToken } from '../../core/gateway-api.ts';
import type { WebhookView } from '../../core/inbound.ts';
import type { Call, CommandRow } from '../command.ts';
import { loadSettingsWithOrigins } from '../../config/load.ts';
import { showSettings } from '../../config/show.ts';
import { DESTINATION_OPTIONS, JSON_OPTION, textOption } from '../command.ts';
import { withGateway } from '../messenger.ts';

/** A token as the API writes it: times in ISO 8601. */
type ToldToken = Omit<IssuedToken, 'createdAt' | 'revokedAt'> & { createdAt: string; revokedAt: string | null };

const PATH = '/api/v1/tokens';

export const commands: readonly CommandRow[] = [
  {
    name: 'config show',
    summary: 'Print every setting with its origin; secrets are hidden.',
    options: [
      {
        flags: '--config <file>',
        description: 'Configuration file.',
        default: 'TOLLBOARD_CONFIG, else ./tollboard.yaml',
      },
      { flags: '--data <dir>', description: 'Data folder.', default: './data' },
      JSON_OPTION,
    ],
    run: show,
  },
  {
    name: 'config webhook',
    summary: 'Print the URL to which Twilio sends what comes in.',
    options: DESTINATION_OPTIONS,
    run: webhook,
  },
  {
    name: 'config token create',
    summary: 'Issue a named token; its secret is shown this once.',
    arguments: [{ name: '<name>', description: 'What it is for.' }],
    options: DESTINATION_OPTIONS,
    run: (call) =>
      withGateway(call, 'A named token', async ({ client }) => {
        const { token } = await client.request<{ token: ToldToken & { secret: string } }>({
          method: 'POST',
          path: PATH,
          body: { name: call.args[0] },
        });
        if (call.out.json) call.out.line(token);
        else {
          call.out.table(['NAME', 'SID', 'SECRET'], [[token.name, token.sid, token.secret]]);
          call.out.note('The secret is not shown again. Bearer: the secret. Basic: the SID with the secret.');
        }
        return 0;
      }),
  },
  {
    name: 'config token list',
    summary: 'List the named tokens, without their secrets.',
    options: DESTINATION_OPTIONS,
    run: (call) =>
      withGateway(call, 'A named token', async ({ client }) => {
        const { tokens } = await client.request<{ tokens: ToldToken[] }>({ method: 'GET', path: PATH });
        if (call.out.json) for (const token of tokens) call.out.line(token);
        else if (tokens.length === 0) call.out.note('There are no named tokens.');
        else
          call.out.table(
            ['NAME', 'SID', 'CREATED', 'REVOKED'],
            tokens.map((token) => [token.name, token.sid, token.createdAt, token.revokedAt ?? '-']),
          );
        return 0;
      }),
  },
  {
    name: 'config token revoke',
    summary: 'Revoke a named token; it is refused from then on.',
    arguments: [{ name: '<sid>', description: 'Its SID (SK…).' }],
    options: DESTINATION_OPTIONS,
    run: (call) =>
      withGateway(call, 'A named token', async ({ client }) => {
        const sid = call.args[0] ?? '';
        await client.request({ method: 'DELETE', path: `${PATH}/${encodeURIComponent(sid)}` });
        if (call.out.json) call.out.line({ sid, revoked: true });
        else call.out.text(`${sid} is revoked.`);
        return 0;
      }),
  },
];

/** The URL alone on stdout, ready to be copied or piped. */
async function webhook(call: Call): Promise<number> {
  return withGateway(call, 'The webhook', async ({ client }) => {
    const view = await client.request<WebhookView>({ method: 'GET', path: '/api/v1/webhook' });
    if (call.out.json) call.out.line(view);
    else {
      call.out.text(view.url);
      call.out.note(view.message);
      if (view.remedy !== null) call.out.note(view.remedy);
      else
        call.out.note(
          'It belongs into the boxes "A call comes in" and "A message comes in": tollboard numbers connect.',
        );
    }
    return view.ready ? 0 : 1;
  });
}

async function show({ options, io, out }: Call): Promise<number> {
  const [config, data] = [textOption(options, 'config'), textOption(options, 'data')];
  const { settings, values } = await loadSettingsWithOrigins({
    flags: { ...(config === undefined ? {} : { config }), ...(data === undefined ? {} : { data }) },
    env: io.env,
    cwd: io.cwd,
  });
  const rows = showSettings(values);
  if (out.json) for (const row of rows) out.line(row);
  else
    out.table(
      ['SETTING', 'VALUE', 'FROM'],
      rows.map((row) => [row.setting, [row.value].flat().join(', '), row.from]),
    );
  for (const warning of settings.warnings) out.note(`Note: ${warning}`);
  return 0;
}
