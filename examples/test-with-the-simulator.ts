/**
 * Testing a program of one's own: the simulator is Twilio, one phone does not receive, and the program has to notice.
 * No gateway runs; the texts go straight to the simulator and nothing is stored.
 *
 * Prints:
 *   +15551230001: delivered
 *   +15551230002: undelivered, Twilio 30003
 *   the phone +15551230001 got: The lift is out of order.
 */

import { createTollboard } from 'tollboard';
import { createSimulator } from 'tollboard/simulator';

const simulator = await createSimulator({ port: 0 });
simulator.control.scenarios.add({ to: '+15551230002', deliver: 'undelivered', errorCode: 30003 });

const [account] = simulator.accounts;
const tollboard = await createTollboard({
  direct: true,
  twilio: { accountSid: account?.sid ?? '', authToken: account?.authToken ?? '', baseUrl: simulator.url },
  sender: '+15550000001',
});

const texts = await tollboard.send({ to: ['+15551230001', '+15551230002'], body: 'The lift is out of order.' });
for (const { id } of texts) {
  const { to, status, error } = await tollboard.wait(id ?? '');
  console.log(`${to}: ${status}${error === null ? '' : `, Twilio ${error.twilioCode}`}`);
}

for (const { body } of simulator.control.messages({ to: '+15551230001' }).messages)
  console.log(`the phone +15551230001 got: ${body}`);

await tollboard.close();
await simulator.stop();
