//! The smallest fair server in Rust: axum on one thread, ONNX Runtime called in place, no batching, no log, no metrics.
//! Arguments: port, library of ONNX Runtime, trees model, identity model.
use std::{
    error::Error,
    slice,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::{get, post},
    serve::ListenerExt,
};
use ort::{environment::Environment, session::Session, value::TensorRef};
use serde::{Deserialize, Serialize};

/// The locks are never waited for: there is one thread, and none is held across an await.
struct Models {
    trees: Mutex<Session>,
    identity: Mutex<Session>,
}

#[derive(Deserialize)]
struct Request {
    inputs: Vec<Input>,
}

#[derive(Deserialize)]
struct Input {
    name: String,
    shape: Vec<usize>,
    datatype: String,
    data: Vec<f32>,
}

#[derive(Serialize)]
struct Answer<'a> {
    model_name: &'static str,
    outputs: (Output<'a, i64>, Output<'a, f32>),
}

#[derive(Serialize)]
struct Output<'a, T> {
    name: &'static str,
    datatype: &'static str,
    shape: &'a [i64],
    data: &'a [T],
}

type Failure = (StatusCode, String);

fn wrong(reason: impl ToString) -> Failure {
    (StatusCode::BAD_REQUEST, reason.to_string())
}

fn open(environment: &Environment, path: &str) -> Result<Mutex<Session>, Box<dyn Error>> {
    let mut builder = Session::builder(environment)?.with_intra_threads(1)?.with_inter_threads(1)?;
    Ok(Mutex::new(builder.commit_from_file(path)?))
}

async fn trees(State(models): State<Arc<Models>>, body: Bytes) -> Result<Response, Failure> {
    let request: Request = serde_json::from_slice(&body).map_err(wrong)?;
    let [input] = request.inputs.as_slice() else { return Err(wrong("one input is wanted")) };
    if input.name != "features" || input.datatype != "FP32" || input.shape.len() != 2 || input.shape[1] != 30 || input.shape[0] * 30 != input.data.len() {
        return Err(wrong("features FP32 [n,30] is wanted"));
    }
    let tensor = TensorRef::from_array_view(([input.shape[0], 30], input.data.as_slice())).map_err(wrong)?;
    let mut session = models.trees.lock().map_err(wrong)?;
    let outputs = session.run(ort::inputs!["features" => tensor]).map_err(wrong)?;
    let (label_shape, labels) = outputs["label"].try_extract_tensor::<i64>().map_err(wrong)?;
    let (shape, probabilities) = outputs["probabilities"].try_extract_tensor::<f32>().map_err(wrong)?;
    let answer = Answer {
        model_name: "trees",
        outputs: (
            Output { name: "label", datatype: "INT64", shape: label_shape, data: labels },
            Output { name: "probabilities", datatype: "FP32", shape, data: probabilities },
        ),
    };
    Ok(([(CONTENT_TYPE, "application/json")], serde_json::to_vec(&answer).map_err(wrong)?).into_response())
}

/// A tensor as its bytes, in and out, without a frame.
async fn identity(State(models): State<Arc<Models>>, body: Bytes) -> Result<Response, Failure> {
    const VALUES: usize = 3 * 224 * 224;
    if body.len() == 0 || body.len() % (4 * VALUES) != 0 {
        return Err(wrong("FP32 [n,3,224,224] is wanted"));
    }
    let rows = body.len() / (4 * VALUES);
    let copy: Vec<f32>;
    let values: &[f32] = if body.as_ptr().align_offset(4) == 0 {
        // every bit pattern is a value, and the pointer is aligned
        unsafe { slice::from_raw_parts(body.as_ptr().cast(), body.len() / 4) }
    } else {
        copy = body.chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect();
        &copy
    };
    let tensor = TensorRef::from_array_view(([rows, 3, 224, 224], values)).map_err(wrong)?;
    let mut session = models.identity.lock().map_err(wrong)?;
    let outputs = session.run(ort::inputs!["input" => tensor]).map_err(wrong)?;
    let (_, values) = outputs["output"].try_extract_tensor::<f32>().map_err(wrong)?;
    let bytes = unsafe { slice::from_raw_parts(values.as_ptr().cast::<u8>(), size_of_val(values)) };
    Ok(([(CONTENT_TYPE, "application/octet-stream")], bytes.to_vec()).into_response())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, port, library, trees_file, identity_file] = arguments.as_slice() else { return Err("PORT LIBRARY TREES IDENTITY are wanted".into()) };
    let environment = ort::init_from(library)?.with_telemetry(false).build()?;
    let models = Arc::new(Models { trees: open(&environment, trees_file)?, identity: open(&environment, identity_file)? });
    let app = Router::new()
        .route("/v2/health/ready", get(|| async { "{}" }))
        .route("/v2/models/trees/infer", post(trees))
        .route("/identity", post(identity))
        .layer(DefaultBodyLimit::max(16 << 20))
        .with_state(models);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port.parse()?)).await?.tap_io(|socket| {
        let _ = socket.set_nodelay(true);
    });
    axum::serve(listener, app).await?;
    Ok(())
}
