"""IAM roles and their policies."""

from __future__ import annotations

from typing import Any

from local.pulumi.handlers.base import Call, Handler, Properties, Tagging, handles, pick


def _every(iam: Any, operation: str, result: str, **asked: str) -> list[Any]:
    """A whole list, read before anything in it is deleted."""
    return [one for page in iam.get_paginator(operation).paginate(**asked) for one in page[result]]


@handles("aws:iam/role:Role")
class Role(Handler):
    """A role."""

    replace_on = frozenset({"name", "namePrefix", "path"})
    tagging = Tagging("iam", "RoleName", methods=("tag_role", "untag_role"), by_id=True)

    def create(self, call: Call) -> str:
        inputs, name = call.inputs, call.auto_name()
        call.aws("iam").create_role(
            RoleName=name,
            AssumeRolePolicyDocument=inputs["assumeRolePolicy"],
            **pick(inputs, "path", "description", "maxSessionDuration", "permissionsBoundary"),
        )
        self._attach(call, name)
        return name

    def read(self, call: Call) -> Properties:
        found = call.aws("iam").get_role(RoleName=call.id)["Role"]
        return {
            "name": call.id,
            "arn": found["Arn"],
            "uniqueId": found["RoleId"],
            "path": found["Path"],
            "createDate": found["CreateDate"].isoformat(),
            "maxSessionDuration": found.get("MaxSessionDuration", 3600),
        }

    def update(self, call: Call) -> None:
        iam, inputs = call.aws("iam"), call.inputs
        iam.update_assume_role_policy(RoleName=call.id, PolicyDocument=inputs["assumeRolePolicy"])
        iam.update_role(RoleName=call.id, **pick(inputs, "description", "maxSessionDuration"))
        boundary = inputs.get("permissionsBoundary")
        if boundary:
            iam.put_role_permissions_boundary(RoleName=call.id, PermissionsBoundary=boundary)
        elif "permissionsBoundary" in call.changed:
            iam.delete_role_permissions_boundary(RoleName=call.id)
        self._attach(call, call.id)

    def delete(self, call: Call) -> None:
        iam = call.aws("iam")
        for policy in _every(iam, "list_attached_role_policies", "AttachedPolicies", RoleName=call.id):
            iam.detach_role_policy(RoleName=call.id, PolicyArn=policy["PolicyArn"])
        for name in _every(iam, "list_role_policies", "PolicyNames", RoleName=call.id):
            iam.delete_role_policy(RoleName=call.id, PolicyName=name)
        iam.delete_role(RoleName=call.id)

    def _attach(self, call: Call, name: str) -> None:
        """Bring the attachments and policies that are written inside the role in line."""
        iam, inputs, old = call.aws("iam"), call.inputs, call.old_inputs
        inputs.get("forceDetachPolicies")  # deletion always does
        new_arns, old_arns = set(inputs.get("managedPolicyArns") or []), set(old.get("managedPolicyArns") or [])
        for arn in sorted(new_arns - old_arns):
            iam.attach_role_policy(RoleName=name, PolicyArn=arn)
        for arn in sorted(old_arns - new_arns):
            iam.detach_role_policy(RoleName=name, PolicyArn=arn)
        inline = {item["name"]: item["policy"] for item in inputs.get("inlinePolicies") or []}
        for policy_name, document in inline.items():
            iam.put_role_policy(RoleName=name, PolicyName=policy_name, PolicyDocument=document)
        for item in old.get("inlinePolicies") or []:
            if item["name"] not in inline:
                iam.delete_role_policy(RoleName=name, PolicyName=item["name"])


@handles("aws:iam/rolePolicy:RolePolicy")
class RolePolicy(Handler):
    """A policy written into a role."""

    replace_on = frozenset({"name", "namePrefix", "role"})

    def create(self, call: Call) -> str:
        role, name = call.inputs["role"], call.auto_name()
        call.aws("iam").put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=call.inputs["policy"])
        return f"{role}:{name}"

    def read(self, call: Call) -> Properties:
        role, name = call.id.split(":", 1)
        call.aws("iam").get_role_policy(RoleName=role, PolicyName=name)
        return {"name": name, "role": role}

    def delete(self, call: Call) -> None:
        role, name = call.id.split(":", 1)
        call.aws("iam").delete_role_policy(RoleName=role, PolicyName=name)


@handles("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
class RolePolicyAttachment(Handler):
    """A managed policy attached to a role."""

    replace_on = None

    def create(self, call: Call) -> str:
        role, policy = call.inputs["role"], call.inputs["policyArn"]
        call.aws("iam").attach_role_policy(RoleName=role, PolicyArn=policy)
        return f"{role}/{policy}"

    def delete(self, call: Call) -> None:
        call.aws("iam").detach_role_policy(RoleName=call.inputs["role"], PolicyArn=call.inputs["policyArn"])


@handles("aws:iam/policy:Policy")
class Policy(Handler):
    """A managed policy of the account."""

    replace_on = frozenset({"name", "namePrefix", "path", "description"})
    tagging = Tagging("iam", "PolicyArn", methods=("tag_policy", "untag_policy"), by_id=True)

    def create(self, call: Call) -> str:
        answer = call.aws("iam").create_policy(
            PolicyName=call.auto_name(),
            PolicyDocument=call.inputs["policy"],
            **pick(call.inputs, "path", "description"),
        )
        return str(answer["Policy"]["Arn"])

    def read(self, call: Call) -> Properties:
        found = call.aws("iam").get_policy(PolicyArn=call.id)["Policy"]
        return {"arn": call.id, "name": found["PolicyName"], "policyId": found["PolicyId"]}

    def update(self, call: Call) -> None:
        iam = call.aws("iam")
        iam.create_policy_version(PolicyArn=call.id, PolicyDocument=call.inputs["policy"], SetAsDefault=True)
        # AWS keeps five versions at most
        for version in _every(iam, "list_policy_versions", "Versions", PolicyArn=call.id):
            if not version["IsDefaultVersion"]:
                iam.delete_policy_version(PolicyArn=call.id, VersionId=version["VersionId"])

    def delete(self, call: Call) -> None:
        call.aws("iam").delete_policy(PolicyArn=call.id)
