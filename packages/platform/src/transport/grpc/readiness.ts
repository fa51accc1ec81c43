import { unreadyReasons } from '../http/views.ts'
import type { ServeGrpcOptions } from './options.ts'

/** Whether this process answers for every deployment that has an active release, and is not about to stop. */
export function isReady({ inference, isDraining }: ServeGrpcOptions): boolean {
  return unreadyReasons(inference, { draining: isDraining() }).length === 0
}
