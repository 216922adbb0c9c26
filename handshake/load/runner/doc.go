// Package runner is where clock, links and the engines of package load meet: it
// sends from an interface, on one processor or several, and says each second how it
// goes. [Write] gives the frames to a function instead.
package runner
