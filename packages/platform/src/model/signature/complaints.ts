import { FairleadError, type ProblemItem } from '@fairlead/contract'

/** Places named in one answer. */
const ITEM_LIMIT = 50

/** Collects what is wrong with a signature file, so that one answer names every place. */
export class Complaints {
  readonly items: ProblemItem[] = []

  add(path: string, detail: string): void {
    if (this.items.length < ITEM_LIMIT) this.items.push({ path, code: 'signature-invalid', detail })
  }

  /** Throws FairleadError `signature-invalid` if anything was wrong. */
  throwIfAny(): void {
    const [first, ...more] = this.items
    if (!first) return
    const rest = more.length === 0 ? '' : ` (and ${more.length} more)`
    throw new FairleadError('signature-invalid', `${first.path}: ${first.detail}${rest}`, { items: this.items })
  }
}
