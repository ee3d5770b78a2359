/** Waiting for an sshd that says nothing of itself: it is asked until it answers. */
import { createConnection } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** Milliseconds: a host that has no address yet lets a caller wait for seconds. */
const PATIENCE = 250;

const hasBanner = (address: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection({ host: address, port, timeout: PATIENCE });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.on('data', (data) => end(data.toString().startsWith('SSH-')));
    for (const event of ['error', 'timeout', 'end']) socket.on(event, () => end(false));
  });

/** Rejects when `isOver` does: nobody is there any more who could answer. */
export const untilSshAnswers = async (
  address: string,
  port: number,
  isOver: () => string | undefined,
): Promise<void> => {
  while (!(await hasBanner(address, port))) {
    const reason = isOver();
    if (reason !== undefined) throw Error(`${address} will not answer: ${reason}`);
    await delay(20);
  }
};
