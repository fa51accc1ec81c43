import type { KeyLimits } from '@fairlead/contract/control'
import { Limiter, type LimitStore, type Spent } from '../domain/governance/index.ts'
import { keyPoliciesOf } from '../domain/governance/limits/policy.ts'
import { handClock } from './deployments.ts'

/** A limiter of one process alone, with a clock that is moved by hand, for the key `abc`. */
export function testLimiter(limits?: KeyLimits) {
  const clock = handClock()
  clock.at = Date.parse('2026-11-21T12:00:00Z')
  const policies = limits && keyPoliciesOf(limits)
  const spent = new Map<string, number>()
  const store: LimitStore = {
    level: () => undefined,
    spent: (subject, window) => spent.get(`${subject} ${window}`) ?? 0,
    add(_taken, rows: readonly Spent[]) {
      for (const { subject, window, rows: n } of rows) spent.set(`${subject} ${window}`, (spent.get(`${subject} ${window}`) ?? 0) + n)
      return true
    },
    changes: (mark) => ({ mark, levels: [], spent: [] }),
  }
  const limiter = new Limiter({ store, clock, limitsOf: (key) => (key === 'abc' ? policies : undefined) })
  return { clock, limiter, spent }
}
