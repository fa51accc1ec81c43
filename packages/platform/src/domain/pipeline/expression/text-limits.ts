import { FairleadError } from '@fairlead/contract'
import type { Tile } from './operand.ts'

/** Longest text that a function makes, in UTF-16 units. */
export const MAX_TEXT_LENGTH = 1_048_576
/** Most that the texts made in one evaluation are long together, those in between counted too: half a gibibyte. */
export const MAX_CHARACTERS = 2 ** 28

/**
 * Whether a row may have a text of so many units; it may not where nobody wants the row. Throws `expression-too-large` where it or all texts together
 * become too long.
 */
export function bounded({ tile, nulls }: { tile: Tile; nulls: Uint8Array | undefined }, row: number, length: number): boolean {
  if (length > MAX_TEXT_LENGTH) {
    const unwanted = nulls?.[row] === 1 || tile.wanted?.[row] === 0
    if (unwanted) return false
    const where = `in row ${tile.start + row + 1}`
    throw new FairleadError('expression-too-large', `an expression makes a text of ${length} characters ${where}; at most ${MAX_TEXT_LENGTH} are made`)
  }
  tile.characters += length
  if (tile.characters <= MAX_CHARACTERS) return true
  throw new FairleadError('expression-too-large', `an expression makes texts of more than ${MAX_CHARACTERS} characters in all; give it fewer rows at a time`)
}
