"""DynamoDB tables."""

from __future__ import annotations

from local.pulumi.handlers.base import Call, Handler, Properties, Tagging, handles, pick


def _keys(owner: Properties) -> list[dict[str, str]]:
    keys = [{"AttributeName": owner["hashKey"], "KeyType": "HASH"}]
    if owner.get("rangeKey"):
        keys.append({"AttributeName": owner["rangeKey"], "KeyType": "RANGE"})
    return keys


def _capacity(owner: Properties) -> Properties:
    return {
        "ReadCapacityUnits": owner.get("readCapacity") or 1,
        "WriteCapacityUnits": owner.get("writeCapacity") or 1,
    }


def _index(index: Properties, provisioned: bool) -> Properties:
    projection = pick(index, "projectionType", "nonKeyAttributes")
    shaped = {"IndexName": index["name"], "KeySchema": _keys(index), "Projection": projection}
    return shaped | ({"ProvisionedThroughput": _capacity(index)} if provisioned else {})


@handles("aws:dynamodb/table:Table")
class Table(Handler):
    """A table with its indexes, stream, encryption, TTL and recovery."""

    replace_on = frozenset({"name", "hashKey", "rangeKey", "localSecondaryIndexes"})
    tagging = Tagging("dynamodb", "ResourceArn")

    def create(self, call: Call) -> str:
        inputs, name = call.inputs, call.auto_name()
        inputs.get("streamViewType")
        parameters = {
            "TableName": name,
            "KeySchema": _keys(inputs),
            "AttributeDefinitions": self._attributes(inputs),
            **self._billing(inputs),
            **self._stream(inputs),
            **self._encryption(inputs),
            **pick(inputs, "tableClass", "deletionProtectionEnabled"),
        }
        provisioned = parameters["BillingMode"] == "PROVISIONED"
        if inputs.get("globalSecondaryIndexes"):
            parameters["GlobalSecondaryIndexes"] = [
                _index(index, provisioned) for index in inputs["globalSecondaryIndexes"]
            ]
        if inputs.get("localSecondaryIndexes"):
            parameters["LocalSecondaryIndexes"] = [
                _index({**index, "hashKey": inputs["hashKey"]}, provisioned=False)
                for index in inputs["localSecondaryIndexes"]
            ]
        call.aws("dynamodb").create_table(**parameters)
        self._extras(call, name)
        return name

    def read(self, call: Call) -> Properties:
        found = call.aws("dynamodb").describe_table(TableName=call.id)["Table"]
        return {
            "name": call.id,
            "arn": found["TableArn"],
            "hashKey": found["KeySchema"][0]["AttributeName"],
            "streamArn": found.get("LatestStreamArn", ""),
            "streamLabel": found.get("LatestStreamLabel", ""),
        }

    def update(self, call: Call) -> None:
        inputs, dynamodb = call.inputs, call.aws("dynamodb")
        change: Properties = {}
        if call.changed & {"billingMode", "readCapacity", "writeCapacity"}:
            change |= self._billing(inputs)
        if call.changed & {"streamEnabled", "streamViewType"}:
            change |= self._stream(inputs) or {"StreamSpecification": {"StreamEnabled": False}}
        if "serverSideEncryption" in call.changed:
            change |= self._encryption(inputs) or {"SSESpecification": {"Enabled": False}}
        change |= {
            key: value
            for key, value in pick(inputs, "tableClass", "deletionProtectionEnabled").items()
            if key[:1].lower() + key[1:] in call.changed
        }
        if change:
            dynamodb.update_table(TableName=call.id, **change)
        if "globalSecondaryIndexes" in call.changed:
            self._reindex(call)
        self._extras(call, call.id)

    def delete(self, call: Call) -> None:
        call.aws("dynamodb").delete_table(TableName=call.id)

    def _reindex(self, call: Call) -> None:
        """Delete and create indexes one by one: AWS takes one change per call and can't alter an index."""
        inputs, dynamodb = call.inputs, call.aws("dynamodb")
        old = {index["name"]: index for index in call.old_inputs.get("globalSecondaryIndexes") or []}
        new = {index["name"]: index for index in inputs.get("globalSecondaryIndexes") or []}
        provisioned = self._billing(inputs)["BillingMode"] == "PROVISIONED"
        for name in [name for name in old if new.get(name) != old[name]]:
            dynamodb.update_table(TableName=call.id, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": name}}])
        for name in [name for name in new if new[name] != old.get(name)]:
            dynamodb.update_table(
                TableName=call.id,
                AttributeDefinitions=self._attributes(inputs),
                GlobalSecondaryIndexUpdates=[{"Create": _index(new[name], provisioned)}],
            )

    def _attributes(self, inputs: Properties) -> list[dict[str, str]]:
        return [{"AttributeName": item["name"], "AttributeType": item["type"]} for item in inputs["attributes"]]

    def _billing(self, inputs: Properties) -> Properties:
        mode = inputs.get("billingMode") or "PROVISIONED"
        return {"BillingMode": mode} | ({"ProvisionedThroughput": _capacity(inputs)} if mode == "PROVISIONED" else {})

    def _stream(self, inputs: Properties) -> Properties:
        if not inputs.get("streamEnabled"):
            return {}
        return {"StreamSpecification": {"StreamEnabled": True, **pick(inputs, "streamViewType")}}

    def _encryption(self, inputs: Properties) -> Properties:
        wanted = inputs.get("serverSideEncryption") or {}
        if not wanted.get("enabled"):
            return {}
        key = pick(wanted, "kmsKeyArn", rename={"kmsKeyArn": "KMSMasterKeyId"})
        return {"SSESpecification": {"Enabled": True, "SSEType": "KMS", **key}}

    def _extras(self, call: Call, name: str) -> None:
        inputs, dynamodb = call.inputs, call.aws("dynamodb")
        ttl, recovery = inputs.get("ttl"), inputs.get("pointInTimeRecovery")
        if ttl and (not call.id or "ttl" in call.changed):
            dynamodb.update_time_to_live(
                TableName=name,
                TimeToLiveSpecification={
                    "Enabled": ttl.get("enabled", True),
                    "AttributeName": ttl.get("attributeName", ""),
                },
            )
        if recovery and (not call.id or "pointInTimeRecovery" in call.changed):
            dynamodb.update_continuous_backups(
                TableName=name,
                PointInTimeRecoverySpecification=pick(
                    recovery,
                    "enabled",
                    "recoveryPeriodInDays",
                    rename={"enabled": "PointInTimeRecoveryEnabled"},
                ),
            )
