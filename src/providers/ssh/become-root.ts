/** Is whoever a shell works as root? */
import { makeError } from '../../errors/gobs-error.ts';
import { plainText } from '../../protocol/plain-text.ts';
import type { RemoteShell } from './remote-shell.ts';

/** Of a shell that works by sudo. Rejects HOST_NOT_MANAGEABLE if that does not do. */
export const requireSudo = async (shell: RemoteShell): Promise<void> => {
  const { code, stderr } = await shell.run('test "$(id -u)" = 0');
  if (code === 0) return;
  const why = plainText(stderr.trim().split('\n')[0]!, 200);
  throw makeError(
    'HOST_NOT_MANAGEABLE',
    `${shell.where}: sudo does not make us root: ${why || `it ended with ${code}`}`,
    {
      hint: 'who logs in needs sudo without a password (NOPASSWD), or log in as root',
    },
  );
};
harden(requireSudo);
