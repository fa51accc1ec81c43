// From the sums of a model to its predictions. Each operation is rounded to the type of the sums, T; powers and logarithms
// are worked out in f64 and rounded once. `from` and `to` may be the same place.
import { bothPlain, exp, exp2, log, log1p } from './math'

@inline
function scaled<T>(at: usize, scale: f64): T {
  const x = load<T>(at)
  return scale == 1 ? x : <T>(<f64>x * scale)
}

@inline
function power<T>(x: T): T {
  return <T>exp(<f64>x)
}

@inline
function sigmoid<T>(x: T): T {
  return <T>1 / (<T>1 + power<T>(-x))
}

@inline
function log1pexp<T>(x: T): T {
  return <T>log1p(<f64>power<T>(x))
}

@inline
function signedSquare<T>(x: T): T {
  return (x < 0 ? -x : x) * x
}

/** Normal quantile as onnxruntime has it: √2 · erf⁻¹(2x − 1), by Winitzki's approximation with a = 0.147. */
@inline
function probit<T>(x: T): T {
  const a = <T>0.147
  const y = x * <T>2 - <T>1
  const ln = <T>log(<f64>((<T>1 - y) * (<T>1 + y)))
  const v = <T>2 / (<T>3.14159 * a) + <T>0.5 * ln
  const root = sqrt<T>(v * v - (<T>1 / a) * ln)
  const size = sqrt<T>(-v + root)
  return <T>1.4142135623730951 * (y < 0 ? -size : size)
}

@inline
function largest<T>(width: usize, from: usize, scale: f64): T {
  let found = scaled<T>(from, scale)
  for (let k: usize = 1; k < width; k++) found = max<T>(found, scaled<T>(from + k * sizeof<T>(), scale))
  return found
}

@inline
function softmax<T>(rows: usize, width: usize, from: usize, to: usize, scale: f64): void {
  for (let row: usize = 0; row < rows; row++) {
    const most = largest<T>(width, from, scale)
    let sum: T = 0
    for (let k: usize = 0; k < width; k++) {
      const x = power<T>(scaled<T>(from + k * sizeof<T>(), scale) - most)
      store<T>(to + k * sizeof<T>(), x)
      sum += x
    }
    for (let k: usize = 0; k < width; k++) store<T>(to + k * sizeof<T>(), load<T>(to + k * sizeof<T>()) / sum)
    from += width * sizeof<T>()
    to += width * sizeof<T>()
  }
}

/** As onnxruntime does it: what lies within 1e-7 of zero is scaled, not raised, and not counted. */
@inline
function softmaxZero<T>(rows: usize, width: usize, from: usize, to: usize, scale: f64): void {
  const small = <T>1e-7
  for (let row: usize = 0; row < rows; row++) {
    const most = largest<T>(width, from, scale)
    const least = power<T>(-most)
    let sum: T = 0
    for (let k: usize = 0; k < width; k++) {
      const x = scaled<T>(from + k * sizeof<T>(), scale)
      const zero = x <= small && x >= -small
      const raised = zero ? x * least : power<T>(x - most)
      store<T>(to + k * sizeof<T>(), raised)
      if (!zero) sum += raised
    }
    for (let k: usize = 0; k < width; k++) store<T>(to + k * sizeof<T>(), load<T>(to + k * sizeof<T>()) / sum)
    from += width * sizeof<T>()
    to += width * sizeof<T>()
  }
}

export function link_sigmoid_f32(rows: usize, width: usize, from: usize, to: usize, scale: f64): void {
  const count = rows * width
  let i: usize = 0
  if (scale == 1) {
    const one = f32x4.splat(1)
    for (; i + 4 <= count; i += 4) {
      const x = f32x4.neg(v128.load(from + i * sizeof<f32>()))
      const a = f64x2.promote_low_f32x4(x)
      const b = f64x2.promote_low_f32x4(v128.shuffle<i64>(x, x, 1, 1))
      if (bothPlain(a) && bothPlain(b)) {
        const powers = v128.shuffle<i64>(f32x4.demote_f64x2_zero(exp2(a)), f32x4.demote_f64x2_zero(exp2(b)), 0, 2)
        v128.store(to + i * sizeof<f32>(), f32x4.div(one, f32x4.add(one, powers)))
      } else for (let k = i; k < i + 4; k++) store<f32>(to + k * sizeof<f32>(), sigmoid<f32>(load<f32>(from + k * sizeof<f32>())))
    }
  }
  for (; i < count; i++) store<f32>(to + i * sizeof<f32>(), sigmoid<f32>(scaled<f32>(from + i * sizeof<f32>(), scale)))
}

export function link_sigmoid_f64(rows: usize, width: usize, from: usize, to: usize, scale: f64): void {
  const count = rows * width
  let i: usize = 0
  if (scale == 1) {
    const one = f64x2.splat(1)
    for (; i + 2 <= count; i += 2) {
      const x = f64x2.neg(v128.load(from + i * sizeof<f64>()))
      if (bothPlain(x)) v128.store(to + i * sizeof<f64>(), f64x2.div(one, f64x2.add(one, exp2(x))))
      else for (let k = i; k < i + 2; k++) store<f64>(to + k * sizeof<f64>(), sigmoid<f64>(load<f64>(from + k * sizeof<f64>())))
    }
  }
  for (; i < count; i++) store<f64>(to + i * sizeof<f64>(), sigmoid<f64>(scaled<f64>(from + i * sizeof<f64>(), scale)))
}

export function link_exp_f32(rows: usize, width: usize, from: usize, to: usize, scale: f64): void {
  for (let i: usize = 0; i < rows * width; i++) {
    const x = scaled<f32>(from + i * sizeof<f32>(), scale)
    store<f32>(to + i * sizeof<f32>(), power<f32>(x))
  }
}

export function link_exp_f64(rows: usize, width: usize, from: usize, to: usize, scale: f64): void {
  for (let i: usize = 0; i < rows * width; i++) {
    const x = scaled<f64>(from + i * sizeof<f64>(), scale)
    store<f64>(to + i * sizeof<f64>(), power<f64>(x))
  }
}

export function link_log1pexp_f32(rows: usize, width: usize, from: usize, to: usize, scale: f64): void {
  for (let i: usize = 0; i < rows * width; i++) {
    const x = scaled<f32>(from + i * sizeof<f32>(), scale)
    store<f32>(to + i * sizeof<f32>(), log1pexp<f32>(x))
  }
}

export function link_log1pexp_f64(rows: usize, width: usize, from: usize, to: usize, scale: f64): void {
  for (let i: usize = 0; i < rows * width; i++) {
    const x = scaled<f64>(from + i * sizeof<f64>(), scale)
    store<f64>(to + i * sizeof<f64>(), log1pexp<f64>(x))
  }
}

export function link_signedsquare_f32(rows: usize, width: usize, from: usize, to: usize, scale: f64): void {
  for (let i: usize = 0; i < rows * width; i++) {
    const x = scaled<f32>(from + i * sizeof<f32>(), scale)
    store<f32>(to + i * sizeof<f32>(), signedSquare<f32>(x))
  }
}

export function link_signedsquare_f64(rows: usize, width: usize, from: usize, to: usize, scale: f64): void {
  for (let i: usize = 0; i < rows * width; i++) {
    const x = scaled<f64>(from + i * sizeof<f64>(), scale)
    store<f64>(to + i * sizeof<f64>(), signedSquare<f64>(x))
  }
}

export function link_probit_f32(rows: usize, width: usize, from: usize, to: usize, scale: f64): void {
  for (let i: usize = 0; i < rows * width; i++) {
    const x = scaled<f32>(from + i * sizeof<f32>(), scale)
    store<f32>(to + i * sizeof<f32>(), probit<f32>(x))
  }
}

export function link_probit_f64(rows: usize, width: usize, from: usize, to: usize, scale: f64): void {
  for (let i: usize = 0; i < rows * width; i++) {
    const x = scaled<f64>(from + i * sizeof<f64>(), scale)
    store<f64>(to + i * sizeof<f64>(), probit<f64>(x))
  }
}

export function link_step_f32(rows: usize, width: usize, from: usize, to: usize, scale: f64): void {
  for (let i: usize = 0; i < rows * width; i++) {
    const x = scaled<f32>(from + i * sizeof<f32>(), scale)
    store<f32>(to + i * sizeof<f32>(), x > 0 ? <f32>1 : <f32>0)
  }
}

export function link_step_f64(rows: usize, width: usize, from: usize, to: usize, scale: f64): void {
  for (let i: usize = 0; i < rows * width; i++) {
    const x = scaled<f64>(from + i * sizeof<f64>(), scale)
    store<f64>(to + i * sizeof<f64>(), x > 0 ? <f64>1 : <f64>0)
  }
}

export function link_complement_f32(rows: usize, width: usize, from: usize, to: usize, scale: f64): void {
  for (let i: usize = 0; i < rows * width; i++) {
    const x = scaled<f32>(from + i * sizeof<f32>(), scale)
    store<f32>(to + i * sizeof<f32>(), <f32>1 - x)
  }
}

export function link_complement_f64(rows: usize, width: usize, from: usize, to: usize, scale: f64): void {
  for (let i: usize = 0; i < rows * width; i++) {
    const x = scaled<f64>(from + i * sizeof<f64>(), scale)
    store<f64>(to + i * sizeof<f64>(), <f64>1 - x)
  }
}

export function link_softmax_f32(rows: usize, width: usize, from: usize, to: usize, scale: f64): void {
  softmax<f32>(rows, width, from, to, scale)
}

export function link_softmax_f64(rows: usize, width: usize, from: usize, to: usize, scale: f64): void {
  softmax<f64>(rows, width, from, to, scale)
}

export function link_softmaxzero_f32(rows: usize, width: usize, from: usize, to: usize, scale: f64): void {
  softmaxZero<f32>(rows, width, from, to, scale)
}

export function link_softmaxzero_f64(rows: usize, width: usize, from: usize, to: usize, scale: f64): void {
  softmaxZero<f64>(rows, width, from, to, scale)
}
