// Element by element. An operand's element stands at `at + row · rowStep + column · step`, in bytes: steps of 0 are a constant,
// or a value of one column that stands for all. The order of `name` is that of src/engine/steps/elementwise.ts.
import { erf, exp, log, pow, tanh } from './math'

@inline
function arithmetic<T>(name: i32, rows: usize, width: usize, a: usize, aRow: usize, aStep: usize, b: usize, bRow: usize, bStep: usize, to: usize): void {
  for (let row: usize = 0; row < rows; row++) {
    for (let k: usize = 0; k < width; k++) {
      const x = load<T>(a + k * aStep)
      const y = load<T>(b + k * bStep)
      let z: T = 0
      if (isFloat<T>()) {
        switch (name) {
          case 0:
            z = x + y
            break
          case 1:
            z = x - y
            break
          case 2:
            z = x * y
            break
          case 3:
            z = x / y
            break
          case 4:
            z = min<T>(x, y)
            break
          case 5:
            z = max<T>(x, y)
            break
          case 6:
            z = <T>pow(<f64>x, <f64>y)
            break
          default:
            z = <T>(<f64>x % <f64>y)
        }
      } else {
        switch (name) {
          case 0:
            z = x + y
            break
          case 1:
            z = x - y
            break
          case 2:
            z = x * y
            break
          case 4:
            z = x < y ? x : y
            break
          default:
            z = x > y ? x : y
        }
      }
      store<T>(to, z)
      to += sizeof<T>()
    }
    a += aRow
    b += bRow
  }
}

@inline
function compare<T>(name: i32, rows: usize, width: usize, a: usize, aRow: usize, aStep: usize, b: usize, bRow: usize, bStep: usize, to: usize): void {
  for (let row: usize = 0; row < rows; row++) {
    for (let k: usize = 0; k < width; k++) {
      const x = load<T>(a + k * aStep)
      const y = load<T>(b + k * bStep)
      let holds = false
      switch (name) {
        case 0:
          holds = x < y
          break
        case 1:
          holds = x <= y
          break
        case 2:
          holds = x > y
          break
        case 3:
          holds = x >= y
          break
        case 4:
          holds = x == y
          break
        case 5:
          holds = x != y
          break
        case 6:
          holds = x != 0 && y != 0
          break
        case 7:
          holds = x != 0 || y != 0
          break
        default:
          holds = (x != 0) != (y != 0)
      }
      store<u8>(to, holds ? 1 : 0)
      to += 1
    }
    a += aRow
    b += bRow
  }
}

@inline
function signOf<T>(x: T): T {
  return x > 0 ? <T>1 : x < 0 ? <T>-1 : x == 0 ? <T>0 : x
}

@inline
function unary<T>(name: i32, n: usize, from: usize, to: usize): void {
  for (let i: usize = 0; i < n; i++) {
    const x = load<T>(from + i * sizeof<T>())
    let y: T = 0
    if (isFloat<T>()) {
      switch (name) {
        case 0:
          y = -x
          break
        case 1:
          y = abs<T>(x)
          break
        case 2:
          y = signOf<T>(x)
          break
        case 3:
          y = x < 0 ? <T>0 : x
          break
        case 4:
          y = floor<T>(x)
          break
        case 5:
          y = ceil<T>(x)
          break
        case 6:
          y = nearest<T>(x)
          break
        case 7:
          y = <T>1 / x
          break
        case 8:
          y = sqrt<T>(x)
          break
        case 9:
          y = <T>exp(<f64>x)
          break
        case 10:
          y = <T>log(<f64>x)
          break
        case 11:
          y = <T>tanh(<f64>x)
          break
        case 12:
          y = <T>1 / (<T>1 + <T>exp(<f64>-x))
          break
        default:
          y = <T>erf(<f64>x)
      }
    } else {
      switch (name) {
        case 0:
          y = <T>0 - x
          break
        case 1:
          y = x < 0 ? <T>0 - x : x
          break
        case 2:
          y = signOf<T>(x)
          break
        default:
          y = x < 0 ? <T>0 : x
      }
    }
    store<T>(to + i * sizeof<T>(), y)
  }
}

/** 1 where the byte is 0. */
export function not_bool(n: usize, from: usize, to: usize): void {
  for (let i: usize = 0; i < n; i++) store<u8>(to + i, load<u8>(from + i) == 0 ? 1 : 0)
}

@inline
function isMissing<T>(n: usize, from: usize, to: usize): void {
  for (let i: usize = 0; i < n; i++) {
    const x = load<T>(from + i * sizeof<T>())
    store<u8>(to + i, x != x ? 1 : 0)
  }
}

/** 1 where the element is NaN. */
export function isnan_f32(n: usize, from: usize, to: usize): void {
  isMissing<f32>(n, from, to)
}
export function isnan_f64(n: usize, from: usize, to: usize): void {
  isMissing<f64>(n, from, to)
}

@inline
function where<T>(rows: usize, width: usize, test: usize, testRow: usize, testStep: usize, a: usize, aRow: usize, aStep: usize, b: usize, bRow: usize, bStep: usize, to: usize): void {
  for (let row: usize = 0; row < rows; row++) {
    for (let k: usize = 0; k < width; k++) {
      store<T>(to, load<u8>(test + k * testStep) != 0 ? load<T>(a + k * aStep) : load<T>(b + k * bStep))
      to += sizeof<T>()
    }
    test += testRow
    a += aRow
    b += bRow
  }
}

export function arithmetic_f32(name: i32, rows: usize, width: usize, a: usize, aRow: usize, aStep: usize, b: usize, bRow: usize, bStep: usize, to: usize): void {
  arithmetic<f32>(name, rows, width, a, aRow, aStep, b, bRow, bStep, to)
}

export function arithmetic_f64(name: i32, rows: usize, width: usize, a: usize, aRow: usize, aStep: usize, b: usize, bRow: usize, bStep: usize, to: usize): void {
  arithmetic<f64>(name, rows, width, a, aRow, aStep, b, bRow, bStep, to)
}

export function arithmetic_i64(name: i32, rows: usize, width: usize, a: usize, aRow: usize, aStep: usize, b: usize, bRow: usize, bStep: usize, to: usize): void {
  arithmetic<i64>(name, rows, width, a, aRow, aStep, b, bRow, bStep, to)
}

export function arithmetic_i32(name: i32, rows: usize, width: usize, a: usize, aRow: usize, aStep: usize, b: usize, bRow: usize, bStep: usize, to: usize): void {
  arithmetic<i32>(name, rows, width, a, aRow, aStep, b, bRow, bStep, to)
}

export function compare_f32(name: i32, rows: usize, width: usize, a: usize, aRow: usize, aStep: usize, b: usize, bRow: usize, bStep: usize, to: usize): void {
  compare<f32>(name, rows, width, a, aRow, aStep, b, bRow, bStep, to)
}

export function compare_f64(name: i32, rows: usize, width: usize, a: usize, aRow: usize, aStep: usize, b: usize, bRow: usize, bStep: usize, to: usize): void {
  compare<f64>(name, rows, width, a, aRow, aStep, b, bRow, bStep, to)
}

export function compare_i64(name: i32, rows: usize, width: usize, a: usize, aRow: usize, aStep: usize, b: usize, bRow: usize, bStep: usize, to: usize): void {
  compare<i64>(name, rows, width, a, aRow, aStep, b, bRow, bStep, to)
}

export function compare_i32(name: i32, rows: usize, width: usize, a: usize, aRow: usize, aStep: usize, b: usize, bRow: usize, bStep: usize, to: usize): void {
  compare<i32>(name, rows, width, a, aRow, aStep, b, bRow, bStep, to)
}

export function compare_bool(name: i32, rows: usize, width: usize, a: usize, aRow: usize, aStep: usize, b: usize, bRow: usize, bStep: usize, to: usize): void {
  compare<u8>(name, rows, width, a, aRow, aStep, b, bRow, bStep, to)
}

export function unary_f32(name: i32, n: usize, from: usize, to: usize): void {
  unary<f32>(name, n, from, to)
}

export function unary_f64(name: i32, n: usize, from: usize, to: usize): void {
  unary<f64>(name, n, from, to)
}

export function unary_i64(name: i32, n: usize, from: usize, to: usize): void {
  unary<i64>(name, n, from, to)
}

export function unary_i32(name: i32, n: usize, from: usize, to: usize): void {
  unary<i32>(name, n, from, to)
}

/** Elements of 8 bits. */
export function where_8(rows: usize, width: usize, test: usize, testRow: usize, testStep: usize, a: usize, aRow: usize, aStep: usize, b: usize, bRow: usize, bStep: usize, to: usize): void {
  where<u8>(rows, width, test, testRow, testStep, a, aRow, aStep, b, bRow, bStep, to)
}

/** Elements of 32 bits. */
export function where_32(rows: usize, width: usize, test: usize, testRow: usize, testStep: usize, a: usize, aRow: usize, aStep: usize, b: usize, bRow: usize, bStep: usize, to: usize): void {
  where<u32>(rows, width, test, testRow, testStep, a, aRow, aStep, b, bRow, bStep, to)
}

/** Elements of 64 bits. */
export function where_64(rows: usize, width: usize, test: usize, testRow: usize, testStep: usize, a: usize, aRow: usize, aStep: usize, b: usize, bRow: usize, bStep: usize, to: usize): void {
  where<u64>(rows, width, test, testRow, testStep, a, aRow, aStep, b, bRow, bStep, to)
}
