/**
 * A request with an idempotency key can be repeated after any accident: the text goes out once, and the repetition gets
 * the first answer again.
 *
 * Prints:
 *   the same entry: true
 *   requests to Twilio: 1
 */

import { createTollboard } from 'tollboard';

const tollboard = await createTollboard({ data: 'data/example' });

const text = { to: '+15551230001', body: 'Deployment complete!' };
const [first] = await tollboard.send(text, { idempotencyKey: 'deployment 42' });
const [again] = await tollboard.send(text, { idempotencyKey: 'deployment 42' });
console.log(`the same entry: ${first?.id === again?.id}`);

const end = await tollboard.wait(first?.id ?? '');
console.log(`requests to Twilio: ${end.attempts}`);

await tollboard.close();
