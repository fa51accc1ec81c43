import { CAST_FUNCTIONS } from './casts.ts'
import { CONDITIONAL_FUNCTIONS } from './conditionals.ts'
import type { FunctionDefinition } from './definition.ts'
import { EXTREME_FUNCTIONS } from './extremes.ts'
import { NUMBER_FUNCTIONS } from './numbers.ts'
import { TEXT_FUNCTIONS } from './texts.ts'
import { TIME_FUNCTIONS } from './times.ts'

/** All functions by name. */
export const FUNCTIONS: ReadonlyMap<string, FunctionDefinition> = new Map(
  Object.entries({ ...CAST_FUNCTIONS, ...CONDITIONAL_FUNCTIONS, ...EXTREME_FUNCTIONS, ...NUMBER_FUNCTIONS, ...TEXT_FUNCTIONS, ...TIME_FUNCTIONS }),
)

const NOT_AGAIN = 'the same row would get another answer later'
const ONE_ROW = 'an expression sees one row at a time'

/** Functions that people expect and that there are not, each with the reason. */
export const REFUSED: ReadonlyMap<string, string> = new Map([
  ...['now', 'today', 'current_date', 'current_timestamp', 'getdate'].map(
    (name) => [name, `there is no function "${name}": ${NOT_AGAIN}; send the time as a column`] as const,
  ),
  ...['random', 'rand', 'uuid'].map((name) => [name, `there is no function "${name}": ${NOT_AGAIN}`] as const),
  ...['sum', 'avg', 'mean', 'count', 'median', 'stddev', 'lag', 'lead', 'row_number'].map(
    (name) => [name, `there is no function "${name}": ${ONE_ROW}`] as const,
  ),
  ['min', `there is no function "min": ${ONE_ROW}; least(a, b) is the smallest of several values`],
  ['max', `there is no function "max": ${ONE_ROW}; greatest(a, b) is the largest of several values`],
  ['log', 'there is no function "log": write ln, log10 or log2'],
  ['cast', 'there is no function "cast": write number(…), integer(…), text(…), boolean(…) or to_time(…)'],
  ...['regexp', 'regexp_matches', 'regexp_replace', 'regexp_extract', 'like'].map(
    (name) =>
      [name, `there is no function "${name}": patterns can take for ever on some texts; contains, starts_with, ends_with and split_part cannot`] as const,
  ),
])
