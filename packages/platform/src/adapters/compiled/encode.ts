import type { FairleadError } from '@fairlead/contract'
import { askedTexts, type Elements, type Form, NO_TEXT, TextPositions } from '@fairlead/evaluator'
import { refusedValue, type Tensor } from '../../domain/inference/index.ts'
import type { Feed } from '../../model/compiled/feeds.ts'

/** Writes a tensor's values into the elements of an input, from `offset` on, one column of `width` beside the others. */
export type Encode = (tensor: Tensor, into: Elements, place: { offset: number; width: number }) => void

/** How the values of a feed become elements; `undefined` where they are elements already. */
export function encoderOf(feed: Feed, form: Form): Encode | undefined {
  if (feed.categories) return categoriesEncoder(feed)
  return feed.type === 'string' ? textEncoder(feed, new TextPositions(form.texts, askedTexts(form, feed.input))) : undefined
}

/** Texts become their positions among the texts of the form. */
function textEncoder({ width: own }: Feed, positions: TextPositions): Encode {
  return ({ data, nulls }, into, { offset, width }) => {
    const texts = data as string[]
    if (own === width) {
      positions.write(texts, into as Int32Array, { from: 0, to: 0, length: texts.length })
      for (let k = 0; nulls && k < texts.length; k++) if (nulls[k]) into[k] = NO_TEXT
      return
    }
    for (let k = 0; k < texts.length; k++) {
      into[Math.floor(k / own) * width + offset + (k % own)] = nulls?.[k] ? NO_TEXT : positions.of(texts[k]!)
    }
  }
}

/** Values become their positions in the list of the column; those that are missing, NaN. */
function categoriesEncoder({ tensor: name, categories }: Feed): Encode {
  const { values, unseen } = categories!
  const positions = new Map<unknown, number>([...values].map((value, at) => [value, at]))
  return ({ data, nulls }, into, { offset, width }) => {
    const numbers = into as Float64Array
    for (let row = 0, at = offset; row < data.length; row++, at += width) {
      const value = data[row]!
      const position = positions.get(value)
      if (position !== undefined && !nulls?.[row]) numbers[at] = position
      else if (nulls?.[row] || Number.isNaN(value) || unseen === 'missing') numbers[at] = Number.NaN
      else throw unknownCategory(name, row, value)
    }
  }
}

function unknownCategory(name: string, row: number, value: unknown): FairleadError {
  const detail = `${typeof value === 'string' ? JSON.stringify(value.slice(0, 100)) : value} is not one of the categories that the model knows`
  return refusedValue('value-unknown', { row, name, detail })
}
