import { FairleadError } from '@fairlead/contract'
import type { Tile } from './operand.ts'

/** Longest text that a function makes, in UTF-16 units. */
export const MAX_TEXT_LENGTH = 1_048_576
/** Most that the texts made in one evaluation are long together, those in between counted too: half a gibibyte. */
export const MAX_CHARACTERS = 2 ** 28

/**
 * The text that `make` makes, which would have `length` units, or an empty one where nobody wants the row. Throws `expression-too-large` where it or all
 * texts together become too long.
 */
export function bounded(tile: Tile, row: { index: number; nulls: Uint8Array | undefined }, length: number): boolean {
  if (length > MAX_TEXT_LENGTH) {
    const unwanted = row.nulls?.[row.index] === 1 || tile.wanted?.[row.index] === 0
    if (unwanted) return false
    const where = `in row ${tile.start + row.index + 1}`
    throw new FairleadError('expression-too-large', `an expression makes a text of ${length} characters ${where}; at most ${MAX_TEXT_LENGTH} are made`)
  }
  tile.characters += length
  if (tile.characters <= MAX_CHARACTERS) return true
  throw new FairleadError('expression-too-large', `an expression makes texts of more than ${MAX_CHARACTERS} characters in all; give it fewer rows at a time`)
}
