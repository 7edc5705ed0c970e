/** The way into a session for programs that may not need one: the store and all it takes are loaded on the first call. */
import type { Session, SessionOptions } from './session.ts';

/** Opens the store; the rest follows when it is needed. */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { openSession: open } = await import('./session.ts');
  return open(options);
}
