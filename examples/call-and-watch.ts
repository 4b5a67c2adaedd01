/**
 * Calls a phone, says a sentence, and watches the call to its end.
 *
 * Prints:
 *   call: ringing
 *   call: in-progress
 *   call: completed
 *   +15551230001: done, completed
 */

import { createTollboard } from 'tollboard';

const tollboard = await createTollboard({ data: 'data/example' });

tollboard.onEvent(({ data }) => console.log(`call: ${data.CallStatus}`));

const [call] = await tollboard.call({ to: '+15551230001', say: { text: 'The garage door is open.' } });
const end = await tollboard.wait(call?.id ?? '');
console.log(`${end.to}: ${end.state}, ${end.status}`);

await tollboard.close();
