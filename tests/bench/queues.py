"""What somebody would write instead of sqs-hook: fifty queues with dead-letter queues, made or repaired in a loop.

Usage: queues.py ENDPOINT apply|delete. Writes nothing where nothing differs, as the hook does.
"""

import json
import sys

import boto3
from botocore.exceptions import ClientError

TAGS = {"team": "bench", "feature": "boto3"}


def main(endpoint, verb):
    sqs = boto3.client(
        "sqs",
        endpoint_url=endpoint,
        region_name="ap-south-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    for number in range(50):
        dead, name = f"bench{number}-dlq-boto3", f"bench{number}-boto3"
        if verb == "delete":
            for each in (name, dead):
                url = found(sqs, each)
                if url:
                    sqs.delete_queue(QueueUrl=url)
            continue
        arn = ensure(sqs, dead, {})["QueueArn"]
        redrive = {"deadLetterTargetArn": arn, "maxReceiveCount": 5}
        ensure(sqs, name, {"VisibilityTimeout": "31", "RedrivePolicy": json.dumps(redrive)})


def found(sqs, name):
    try:
        return sqs.get_queue_url(QueueName=name)["QueueUrl"]
    except ClientError as error:
        if error.response["Error"]["Code"].endswith("NonExistentQueue"):
            return None
        raise


def ensure(sqs, name, wanted):
    url = found(sqs, name)
    if url is None:
        url = sqs.create_queue(QueueName=name, Attributes=wanted, tags=TAGS)["QueueUrl"]
    have = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    drifted = {key: value for key, value in wanted.items() if have.get(key) != value}
    if drifted:
        sqs.set_queue_attributes(QueueUrl=url, Attributes=drifted)
    if sqs.list_queue_tags(QueueUrl=url).get("Tags") != TAGS:
        sqs.tag_queue(QueueUrl=url, Tags=TAGS)
    return have


main(*sys.argv[1:])
