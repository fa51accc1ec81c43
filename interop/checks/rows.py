"""The row interface, called with `requests`."""

import requests


def answers_are_those_of_scikit_learn(platform):
    answer = platform.predict({"rows": [case["row"] for case in platform.expected]})
    assert answer.status_code == 200, answer.text
    predictions = answer.json()["predictions"]
    assert len(predictions) == len(platform.expected)
    for at, (got, case) in enumerate(zip(predictions, platform.expected)):
        assert str(got["label"]) == str(case["label"]), (at, got, case)
        for name, value in zip(("0", "1"), case["probabilities"]):
            assert abs(got["probabilities"][name] - value) < 1e-6, (at, got, case)


def errors_name_row_and_column(platform):
    rows = [dict(case["row"]) for case in platform.expected[:3]]
    rows[2]["age"] = "old"
    answer = platform.predict({"rows": rows})
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    problem = answer.json()
    assert problem["code"] == "value-type" and problem["errors"][0]["path"] == "rows[2].age", problem


def numbers_and_text_survive(platform):
    row = dict(platform.expected[0]["row"], purpose="a purpose nobody saw, 100 % “new” 🙂")
    answer = platform.predict({"rows": [row], "ids": ["order-17"]})
    assert answer.status_code == 200, answer.text
    row["credit_amount"] = 2**63
    too_large = requests.post(f"{platform.http}/v1/deployments/credit/predict", json={"rows": [row]}, timeout=10)
    assert too_large.status_code == 422, too_large.text
    assert too_large.json()["errors"][0]["path"] == "rows[0].credit_amount", too_large.text
