import { z } from 'zod'

/** Answers of MLflow's REST API, as far as they are used here; everything else in them is dropped. */

const text = z.string().nullish()
/** 64-bit integers, which proto3 may write as text. */
const integer = z
  .union([
    z.number(),
    z
      .string()
      .regex(/^-?\d+$/)
      .transform(Number),
  ])
  .nullish()
const pairs = z.array(z.object({ key: z.string(), value: text })).nullish()
/** What is no finite number comes as text. */
const metrics = z.array(z.object({ key: z.string(), value: z.union([z.number(), z.string()]), step: integer })).nullish()

export const downloadUri = z.object({ artifact_uri: z.string() })

const modelVersion = z.object({
  name: z.string(),
  version: z.union([z.string(), z.number()]).transform(String),
  current_stage: text,
  description: text,
  run_id: text,
  model_id: text,
  aliases: z.array(z.string()).nullish(),
  tags: pairs,
})
export type ModelVersion = z.infer<typeof modelVersion>
export const oneVersion = z.object({ model_version: modelVersion })
export const manyVersions = z.object({ model_versions: z.array(modelVersion).nullish() })

const loggedModel = z.object({
  info: z.object({ model_id: z.string(), name: text, artifact_uri: text, source_run_id: text, tags: pairs }),
  data: z.object({ params: pairs, metrics }).nullish(),
})
export type LoggedModel = z.infer<typeof loggedModel>
export const oneLogged = z.object({ model: loggedModel })
export const manyLogged = z.object({ models: z.array(loggedModel).nullish(), next_page_token: text })

const datasetInput = z.object({ dataset: z.object({ name: z.string(), digest: text, source: text, source_type: text }), tags: pairs })

const run = z.object({
  info: z.object({
    run_id: z.string(),
    run_name: text,
    experiment_id: z.union([z.string(), z.number()]).transform(String).nullish(),
    user_id: text,
    status: text,
    start_time: integer,
    end_time: integer,
    artifact_uri: text,
  }),
  data: z.object({ metrics, params: pairs, tags: pairs }).nullish(),
  inputs: z.object({ dataset_inputs: z.array(datasetInput).nullish() }).nullish(),
  outputs: z.object({ model_outputs: z.array(z.object({ model_id: z.string(), step: integer })).nullish() }).nullish(),
})
export type Run = z.infer<typeof run>
export const oneRun = z.object({ run })

export const oneExperiment = z.object({ experiment: z.object({ name: text }) })

/** A folder's list of artifacts; `path` is the name alone. */
export const artifactList = z.object({
  files: z.array(z.object({ path: z.string(), is_dir: z.boolean().nullish(), file_size: integer })).nullish(),
})
