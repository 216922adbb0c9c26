package main

import (
	"context"
	"fmt"
	"math"
)

// A subject is something that several contenders are measured at in the same way.
type subject struct {
	name  string
	about string // what a table of it shows
	// figures are what a measurement yields, in this order. Ratios in the table are those of the first one.
	figures    []figure
	contenders []contender
}

// A figure is one kind of number.
type figure struct {
	name   string
	unit   string
	digits int // after the point, in the table
}

// checkFigures is an error if something is not a number, as what is divided by nothing: JSON has no word for it.
func (s subject) checkFigures(values []float64) error {
	if len(values) != len(s.figures) {
		return fmt.Errorf("%d figures, want %d", len(values), len(s.figures))
	}
	for i, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("%s is %v", s.figures[i].heading(), v)
		}
	}
	return nil
}

// A contender is one way to do it.
type contender struct {
	name string
	// against are the contenders of the same subject that the ratios of its figures are to.
	against []string
	// missing says what is not there that it needs, or nothing. It may be nil.
	missing func(ctx context.Context, t *traffic) string
	// measure makes one measurement, with all that it needs made anew.
	measure func(ctx context.Context, t *traffic) ([]float64, error)
}

// subjects are all of them. Bulk transfers have a driver of their own.
func subjects() []subject {
	return []subject{
		synSubject(), exchangesSubject(), latencySubject(), idleSubject(), crowdSubject(), floodSubject(),
		craftSubject(), microSubject(),
	}
}
