package drill

import "slices"

// queues are those that pass on what they get, in its order, as long as there is no
// pace and no bound.
var queues = []string{"fq", "fq_codel", "noqueue", "pfifo", "pfifo_fast"}

// plainQueue reports whether tc(8) is to change the queue of an interface to one that
// makes no difference: "qdisc replace dev NAME root fq".
func plainQueue(args []string) bool {
	if len(args) < 5 || args[0] != "qdisc" || args[2] != "dev" || args[4] != "root" {
		return false
	}
	switch kind := args[5:]; args[1] {
	case "del", "delete":
		return len(kind) == 0 || len(kind) == 1 && slices.Contains(queues, kind[0])
	case "add", "change", "replace":
		return len(kind) == 1 && slices.Contains(queues, kind[0])
	}
	return false
}
