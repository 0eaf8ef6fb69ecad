"""The paper of a document, made by an emulated printer: a preview before it is printed, a copy afterwards."""
