export { CannotRun, WrongInput } from './cannot-run.ts'
export { type CompileOptions, compile } from './compile.ts'
export type { InputData, OutputData, Predictor } from './predictor.ts'
export type { TableColumn } from './table.ts'
