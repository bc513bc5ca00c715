"""Transforms an AWS SAM template to CloudFormation, as AWS does when it is deployed.

Usage: transform.py TEMPLATE.yaml > TRANSFORMED.json
"""

import json
import os
import sys

import yaml

# The region decides nothing here, but without one the transform asks for it.
os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")

from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

with open(sys.argv[1], encoding="utf-8") as file:
    template = yaml.safe_load(file)

# `sam deploy` uploads what is local before it transforms.
template["Globals"]["Function"]["CodeUri"] = "s3://bucket/code.zip"

# No policy of AWS is named in the template, so none has to be looked up.
translator = Translator(managed_policy_map={}, sam_parser=Parser())
try:
    transformed = translator.translate(template, parameter_values={})
except InvalidDocumentException as error:
    sys.exit("\n".join([error.message, *(cause.message for cause in error.causes)]))
json.dump(transformed, sys.stdout, indent=1)
