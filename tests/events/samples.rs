//! The events of each kind, as AWS documents them, with what a test asks for put in.

use aws_lambda_events::alb::AlbTargetGroupResponse;
use aws_lambda_events::apigw::{ApiGatewayProxyResponse, ApiGatewayV2httpResponse};
use serde_json::{Value, from_value, json};

/// An HTTP request, before it is one of these.
#[derive(Debug, Clone)]
pub struct Ask<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub content_type: Option<&'a str>,
    pub body: Option<&'a str>,
    pub is_base64: bool,
}

impl<'a> Ask<'a> {
    pub fn post(path: &'a str, body: &'a str) -> Self {
        Self { method: "POST", path, content_type: Some("application/json"), body: Some(body), is_base64: false }
    }

    pub fn of(method: &'a str, path: &'a str) -> Self {
        Self { method, path, content_type: None, body: None, is_base64: false }
    }
}

/// Who sends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    FunctionUrl,
    HttpApi,
    /// An HTTP API with payload format 1.0.
    HttpApiV1,
    RestApi,
    Alb,
    AlbMulti,
}

pub const ALL: [From; 6] =
    [From::FunctionUrl, From::HttpApi, From::HttpApiV1, From::RestApi, From::Alb, From::AlbMulti];

/// The answer as its sender would send it on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Http {
    pub status: i64,
    /// Sorted by name.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Http {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
    }
}

impl From {
    pub fn event(self, ask: &Ask<'_>) -> Value {
        match self {
            Self::FunctionUrl => function_url(ask),
            Self::HttpApi => http_api(ask),
            Self::HttpApiV1 => {
                let mut event = json!({"version": "1.0"});
                event.as_object_mut().unwrap().extend(rest_api(ask).as_object().unwrap().clone());
                event
            }
            Self::RestApi => rest_api(ask),
            Self::Alb => alb(ask, false),
            Self::AlbMulti => alb(ask, true),
        }
    }

    /// Reads an answer as its sender does. Panics if it is of another kind.
    pub fn read(self, answer: Value) -> Http {
        // A kind is known by what only it has.
        let has = |field| answer.get(field).is_some();
        let is_kind = match self {
            Self::FunctionUrl | Self::HttpApi => has("cookies") && !has("statusDescription"),
            Self::HttpApiV1 | Self::RestApi => !has("cookies") && !has("statusDescription"),
            Self::Alb | Self::AlbMulti => has("statusDescription") && has("multiValueHeaders") && !has("cookies"),
        };
        assert!(is_kind, "{self:?} got {answer}");
        assert_eq!(answer["isBase64Encoded"], false);
        // Also by the library's types.
        let (status, headers, body) = match self {
            Self::FunctionUrl | Self::HttpApi => {
                let answer: ApiGatewayV2httpResponse = from_value(answer).unwrap();
                (answer.status_code, answer.headers, answer.body)
            }
            Self::HttpApiV1 | Self::RestApi => {
                let answer: ApiGatewayProxyResponse = from_value(answer).unwrap();
                (answer.status_code, answer.headers, answer.body)
            }
            Self::Alb | Self::AlbMulti => {
                let answer: AlbTargetGroupResponse = from_value(answer).unwrap();
                assert!(answer.status_description.unwrap().starts_with(&format!("{} ", answer.status_code)));
                let headers = if self == Self::Alb { answer.headers } else { answer.multi_value_headers };
                (answer.status_code, headers, answer.body)
            }
        };
        let text = |value: &[u8]| String::from_utf8(value.to_vec()).unwrap();
        let mut headers: Vec<_> =
            headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes()))).collect();
        headers.sort();
        Http { status, headers, body: body.map(|body| text(&body)).unwrap_or_default() }
    }
}

fn headers(ask: &Ask<'_>) -> Value {
    let mut headers = json!({
        "accept": "*/*",
        "host": "abcdefg.lambda-url.us-east-1.on.aws",
        "user-agent": "curl/8.5.0",
        "x-amzn-trace-id": "Root=1-5e6722a7-cc56xmpl46db7ae02d4da47e",
        "x-forwarded-for": "205.255.255.176",
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
    });
    if let Some(content_type) = ask.content_type {
        headers["content-type"] = content_type.into();
    }
    headers
}

/// Puts in the body as all of them but a load balancer do: if there is one.
fn with_body(mut event: Value, ask: &Ask<'_>) -> Value {
    if let Some(body) = ask.body {
        event["body"] = body.into();
    }
    event
}

/// <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html>
pub fn function_url(ask: &Ask<'_>) -> Value {
    let event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": ask.path,
        "rawQueryString": "parameter1=value1&parameter1=value2&parameter2=value",
        "cookies": ["cookie1", "cookie2"],
        "headers": headers(ask),
        "queryStringParameters": {"parameter1": "value1,value2", "parameter2": "value"},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "<urlid>",
            "authentication": null,
            "authorizer": {
                "iam": {
                    "accessKey": "AKIA...",
                    "accountId": "111122223333",
                    "callerId": "AIDA...",
                    "cognitoIdentity": null,
                    "principalOrgId": null,
                    "userArn": "arn:aws:iam::111122223333:user/example-user",
                    "userId": "AIDA..."
                }
            },
            "domainName": "<url-id>.lambda-url.us-west-2.on.aws",
            "domainPrefix": "<url-id>",
            "http": {
                "method": ask.method,
                "path": ask.path,
                "protocol": "HTTP/1.1",
                "sourceIp": "123.123.123.123",
                "userAgent": "agent"
            },
            "requestId": "id",
            "routeKey": "$default",
            "stage": "$default",
            "time": "12/Mar/2020:19:03:58 +0000",
            "timeEpoch": 1583348638390_u64
        },
        "pathParameters": null,
        "isBase64Encoded": ask.is_base64,
        "stageVariables": null
    });
    with_body(event, ask)
}

/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>, of a stage
/// `prod`, which its paths begin with.
pub fn http_api(ask: &Ask<'_>) -> Value {
    let path = format!("/prod{}", ask.path);
    let event = json!({
        "version": "2.0",
        "routeKey": "ANY /{proxy+}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": headers(ask),
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "api-id",
            "authorizer": {
                "jwt": {"claims": {"claim1": "value1", "claim2": "value2"}, "scopes": ["scope1", "scope2"]}
            },
            "domainName": "id.execute-api.us-east-1.amazonaws.com",
            "domainPrefix": "id",
            "http": {
                "method": ask.method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "agent"
            },
            "requestId": "id",
            "routeKey": "ANY /{proxy+}",
            "stage": "prod",
            "time": "12/Mar/2020:19:03:58 +0000",
            "timeEpoch": 1583348638390_u64
        },
        "pathParameters": {"proxy": ask.path.trim_start_matches('/')},
        "isBase64Encoded": ask.is_base64,
        "stageVariables": {"stageVariable1": "value1"}
    });
    with_body(event, ask)
}

/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html>
pub fn rest_api(ask: &Ask<'_>) -> Value {
    let headers = headers(ask);
    let multi: Value =
        headers.as_object().unwrap().iter().map(|(name, value)| (name.clone(), json!([value]))).collect();
    json!({
        "resource": "/{proxy+}",
        "path": ask.path,
        "httpMethod": ask.method,
        "headers": headers,
        "multiValueHeaders": multi,
        "queryStringParameters": null,
        "multiValueQueryStringParameters": null,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "id",
            "authorizer": {"claims": null, "scopes": null},
            "domainName": "id.execute-api.us-east-1.amazonaws.com",
            "domainPrefix": "id",
            "extendedRequestId": "request-id",
            "httpMethod": ask.method,
            "identity": {
                "accessKey": null,
                "accountId": null,
                "caller": null,
                "cognitoAuthenticationProvider": null,
                "cognitoAuthenticationType": null,
                "cognitoIdentityId": null,
                "cognitoIdentityPoolId": null,
                "principalOrgId": null,
                "sourceIp": "192.0.2.1",
                "user": null,
                "userAgent": "user-agent",
                "userArn": null
            },
            "path": format!("/prod{}", ask.path),
            "protocol": "HTTP/1.1",
            "requestId": "id=",
            "requestTime": "04/Mar/2020:19:15:17 +0000",
            "requestTimeEpoch": 1583349317135_u64,
            "resourceId": null,
            "resourcePath": "/{proxy+}",
            "stage": "prod"
        },
        "pathParameters": {"proxy": ask.path.trim_start_matches('/')},
        "stageVariables": null,
        "body": ask.body,
        "isBase64Encoded": ask.is_base64
    })
}

/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html>
pub fn alb(ask: &Ask<'_>, is_multi: bool) -> Value {
    let headers = headers(ask);
    let mut event = json!({
        "requestContext": {
            "elb": {
                "targetGroupArn":
                    "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/my-target-group/6d0ecf831eec9f09"
            }
        },
        "httpMethod": ask.method,
        "path": ask.path,
    });
    if is_multi {
        event["multiValueQueryStringParameters"] = json!({"myKey": ["val1", "val2"]});
        event["multiValueHeaders"] =
            headers.as_object().unwrap().iter().map(|(name, value)| (name.clone(), json!([value]))).collect();
    } else {
        event["queryStringParameters"] = json!({"myKey": "val2"});
        event["headers"] = headers;
    }
    event["body"] = ask.body.unwrap_or_default().into();
    event["isBase64Encoded"] = ask.is_base64.into();
    event
}

/// <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>: messages by their ids and bodies.
pub fn sqs(messages: &[(&str, String)]) -> Value {
    let record = |(id, body): &(&str, String)| {
        json!({
            "messageId": id,
            "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a...",
            "body": body,
            "attributes": {
                "ApproximateReceiveCount": "1",
                "SentTimestamp": "1545082649183",
                "SenderId": "AIDAIENQZJOLO23YVJ4VO",
                "ApproximateFirstReceiveTimestamp": "1545082649185"
            },
            "messageAttributes": {
                "myAttribute": {
                    "stringValue": "myValue",
                    "stringListValues": [],
                    "binaryListValues": [],
                    "dataType": "String"
                }
            },
            "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-2:123456789012:my-queue",
            "awsRegion": "us-east-2"
        })
    };
    json!({"Records": messages.iter().map(record).collect::<Vec<_>>()})
}

/// The same of a FIFO queue, with the group of each message.
pub fn sqs_fifo(messages: &[(&str, &str, String)]) -> Value {
    let plain: Vec<_> = messages.iter().map(|(id, _, body)| (*id, body.clone())).collect();
    let mut event = sqs(&plain);
    for (index, (_, group, _)) in messages.iter().enumerate() {
        let record = &mut event["Records"][index];
        record["attributes"] = json!({
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1573251510774",
            "SequenceNumber": "18849496460467696128",
            "MessageGroupId": group,
            "SenderId": "AIDAIO23YVJENQZJOL4VO",
            "MessageDeduplicationId": index.to_string(),
            "ApproximateFirstReceiveTimestamp": "1573251510774"
        });
        record["eventSourceARN"] = "arn:aws:sqs:us-east-2:123456789012:fifo.fifo".into();
    }
    event
}
