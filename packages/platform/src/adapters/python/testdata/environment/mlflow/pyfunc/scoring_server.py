import json


def invocations(data, content_type, model, schema):
    asked = json.loads(data)
    return json.dumps({'predictions': model.module.do(asked)}), 200, content_type
