import { FairleadError, type ProblemItem } from '@fairlead/contract'
import { nearestWord } from '../../kernel/suggestion.ts'
import { type Refusal, shown } from './column-values.ts'

/** Most offending places that one answer lists. */
export const MAX_ITEMS = 20
/** Offending places after which looking for more stops. */
const ENOUGH = 1000

/** `rows[3].age`, or `rows[3]["credit amount"]`. */
export function placeOf(base: string, name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? `${base}.${name}` : `${base}[${JSON.stringify(name)}]`
}

/** Why a column that the signature lacks is refused. */
export function unknownColumn(name: string, known: Iterable<string>): Refusal {
  if (name === '') return { code: 'column-unknown', detail: 'there is no column ""; pandas writes its index so, without index=False' }
  const near = nearestWord(name, known)
  return { code: 'column-unknown', detail: `there is no column ${shown(name)}${near === undefined ? '' : `; did you mean "${near}"?`}` }
}

/** Gathers offending places, so that one answer names several. */
export class Refusals {
  readonly #items: ProblemItem[] = []
  #count = 0

  add(path: string, { code, detail }: Refusal): void {
    this.#count++
    if (this.#items.length < MAX_ITEMS) this.#items.push({ path, code, detail })
  }

  /** Adds a column that the signature lacks. The first one comes into a full list too, because it often is why so many are missing. */
  addUnknown(path: string, refusal: Refusal): void {
    if (this.#items.length === MAX_ITEMS && !this.namesUnknown) {
      this.#items.pop()
      this.#items.splice(1, 0, { path, code: refusal.code, detail: refusal.detail })
      this.#count++
    } else this.add(path, refusal)
  }

  /** Whether a column that the signature lacks is among those that are listed. */
  get namesUnknown(): boolean {
    return this.#items.some(({ code }) => code === 'column-unknown')
  }

  /** The first offending place; `undefined` where there is none. */
  get first(): ProblemItem | undefined {
    return this.#items[0]
  }

  /** Whether the next one is among those that are listed. */
  get listing(): boolean {
    return this.#count < MAX_ITEMS
  }

  /** Whether so many were found that the rest does not matter. */
  get enough(): boolean {
    return this.#count >= ENOUGH
  }

  /** Throws if anything was found: the code of the first place, its words, and the places. */
  check(): void {
    const [first] = this.#items
    if (!first) return
    const more = this.#count === 1 ? '' : ` (and ${this.enough ? 'many' : this.#count - 1} more)`
    throw new FairleadError(first.code, `${first.path}: ${first.detail}${more}`, { items: this.#items })
  }
}
