export { type Expression, expressionError, parseExpression } from './expression/index.ts'
export { type ColumnData, classesOf } from './fields.ts'
export { type AddedField, type CompiledPipeline, compilePipeline } from './pipeline.ts'
