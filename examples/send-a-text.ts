/**
 * Sends one text and waits for its end. Without credentials the simulator takes Twilio's place.
 *
 * Prints:
 *   +15551230001: done, delivered
 */

import { createTollboard } from 'tollboard';

const tollboard = await createTollboard({ data: 'data/example' });

for (const { id } of await tollboard.send({ to: '+15551230001', body: 'The build is green.' })) {
  if (id === null) continue;
  const text = await tollboard.wait(id);
  console.log(`${text.to}: ${text.state}, ${text.status}`);
}

await tollboard.close();
