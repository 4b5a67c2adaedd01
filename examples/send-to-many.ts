/**
 * One text to several people: each number has a result of its own, and a bad one stops nobody.
 *
 * Prints:
 *   +15551113232: delivered
 *   12025551235: rejected, TOLLBOARD_MESSAGE_TO_INVALID
 *   +19735559010: delivered
 */

import { createTollboard } from 'tollboard';

const tollboard = await createTollboard({ data: 'data/example' });

const texts = await tollboard.send({
  to: ['+15551113232', '12025551235', '+19735559010'],
  body: "This server's configuration is now complete.",
});
for (const text of texts) {
  if (text.error !== null || text.id === null) console.log(`${text.to}: ${text.state}, ${text.error?.code}`);
  else console.log(`${text.to}: ${(await tollboard.wait(text.id)).status}`);
}

await tollboard.close();
