/**
 * A program of Twilio's Node SDK, unchanged but for its `httpClient`: what it sends is now durable, sent once and tracked.
 *
 * Prints:
 *   Twilio took it: true
 *   now: delivered
 *   a number without its plus: 21211
 */

import { createTollboard } from 'tollboard';
import { createTwilioHttpClient } from 'tollboard/twilio-http-client';
import twilio from 'twilio';

// Usually a gateway that runs already: `tollboard start`.
const gateway = await createTollboard({ data: 'data/example' });
const { url = '', token = '' } = gateway.running ?? {};

const client = twilio(`AC${'0'.repeat(32)}`, '1'.repeat(32), { httpClient: createTwilioHttpClient({ url, token }) });

const message = await client.messages.create({ to: '+15551230001', from: '+15550000001', body: 'Hello from the SDK' });
console.log(`Twilio took it: ${/^SM[0-9a-f]{32}$/.test(message.sid)}`);

await gateway.wait(message.sid);
console.log(`now: ${(await client.messages(message.sid).fetch()).status}`);

try {
  await client.messages.create({ to: '15551113232', from: '+15550000001', body: 'A number without its plus' });
} catch (error) {
  console.log(`a number without its plus: ${(error as { code?: number }).code}`);
}

await gateway.close();
