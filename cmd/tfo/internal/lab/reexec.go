package lab

// inUserNamespace is the environment variable that tells a re-executed program that it is one, so that a machine
// which makes user namespaces without power over them ends in an error and not in an endless chain of processes.
const inUserNamespace = "TFO_LAB_USER_NAMESPACE"
