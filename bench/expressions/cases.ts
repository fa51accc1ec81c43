import type { ColumnSpec } from '../../packages/platform/src/domain/pipeline/columns.ts'

/** One expression in both languages. */
export interface Case {
  name: string
  /** In the language of pipelines. */
  text: string
  /** In Python, with polars as `pl` and `c` for `pl.col`. */
  polars: string
}

export const SPECS: ColumnSpec[] = [
  { name: 'a', type: 'number', nullable: false },
  { name: 'b', type: 'number', nullable: false },
  { name: 'c', type: 'number', nullable: false },
  { name: 'n', type: 'number', nullable: true },
  { name: 'i', type: 'integer', nullable: false },
  { name: 'at', type: 'time', nullable: false },
  { name: 'purpose', type: 'text', nullable: false },
  { name: 'name', type: 'text', nullable: false },
]

export const CASES: Case[] = [
  { name: 'arithmetic', text: 'a * 2 + b / c - 1', polars: "c('a') * 2 + c('b') / c('c') - 1" },
  { name: 'normalised difference', text: '(a - b) / (a + b)', polars: "(c('a') - c('b')) / (c('a') + c('b'))" },
  { name: 'arithmetic with nulls', text: 'coalesce(n, 0) * 2 + n / b', polars: "c('n').fill_null(0) * 2 + c('n') / c('b')" },
  { name: 'whole numbers', text: 'i * 3 + i - 7', polars: "c('i') * 3 + c('i') - 7" },
  { name: 'whole numbers divided', text: 'a / i', polars: "c('a') / c('i')" },
  { name: 'comparisons', text: 'a > 0.5 and b < 0.3 or c >= 1.5', polars: "(c('a') > 0.5) & (c('b') < 0.3) | (c('c') >= 1.5)" },
  { name: 'range of whole numbers', text: 'i between 1000 and 50000 and a < 0.9', polars: "c('i').is_between(1000, 50000) & (c('a') < 0.9)" },
  {
    name: 'case of four branches',
    text: 'case when a > 0.8 then 3 when a > 0.5 then 2 when a > 0.2 then b else 0 end',
    polars: "pl.when(c('a') > 0.8).then(3.0).when(c('a') > 0.5).then(2.0).when(c('a') > 0.2).then(c('b')).otherwise(0.0)",
  },
  { name: 'functions of numbers', text: 'sqrt(a) + ln(b + 1) * exp(-c)', polars: "c('a').sqrt() + (c('b') + 1).log() * (-c('c')).exp()" },
  { name: 'rounding', text: 'round(a * 1000) + floor(b * 10)', polars: "(c('a') * 1000).round(mode='half_away_from_zero') + (c('b') * 10).floor()" },
  { name: 'one of several texts', text: "purpose in ('car', 'education', 'business')", polars: "c('purpose').is_in(['car', 'education', 'business'])" },
  { name: 'text contained', text: "contains(name, 'nn')", polars: "c('name').str.contains('nn', literal=True)" },
  { name: 'small letters', text: 'lower(name)', polars: "c('name').str.to_lowercase()" },
  { name: 'texts joined', text: "purpose || '-' || name", polars: "c('purpose') + '-' + c('name')" },
  { name: 'length of texts', text: 'length(name) > 14', polars: "c('name').str.len_chars() > 14" },
  { name: 'year and month', text: 'year(at) * 100 + month(at)', polars: "c('at').dt.year().cast(pl.Float64) * 100 + c('at').dt.month().cast(pl.Float64)" },
  {
    name: 'hour and weekday',
    text: 'hour(at) * 7 + day_of_week(at)',
    polars: "c('at').dt.hour().cast(pl.Float64) * 7 + c('at').dt.weekday().cast(pl.Float64)",
  },
  { name: 'beginning of the month', text: "truncate('month', at)", polars: "c('at').dt.truncate('1mo')" },
]
