/**
 * Texts every verified caller ID of the account.
 *
 * Prints:
 *   +15550100001: delivered
 *   +15550100002: delivered
 *   +15550100003: delivered
 */

import { createTollboard } from 'tollboard';

const tollboard = await createTollboard({ data: 'data/example' });

const recipients = (await tollboard.recipients()).map(({ phoneNumber }) => phoneNumber).sort();
for (const { id } of await tollboard.send({ to: recipients, body: 'Maintenance at 22:00.' })) {
  const text = await tollboard.wait(id ?? '');
  console.log(`${text.to}: ${text.status}`);
}

await tollboard.close();
