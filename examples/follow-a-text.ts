/**
 * Follows a text to its final status by the events that Twilio's signed callbacks bring.
 *
 * Prints:
 *   twilio_message_status: sent
 *   twilio_message_status: delivered
 *   Message delivery status: delivered
 */

import { createTollboard } from 'tollboard';

const tollboard = await createTollboard({ data: 'data/example' });

tollboard.onEvent(({ type, data }) => console.log(`${type}: ${data.MessageStatus}`));

const [text] = await tollboard.send({ to: '+15101112222', body: 'Happy Halloween to GV' });
const end = await tollboard.wait(text?.id ?? '');
console.log(`Message delivery status: ${end.status}`);

await tollboard.close();
